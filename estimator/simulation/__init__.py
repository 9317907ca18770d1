"""What happens when chance, faults and limits have their say?"""
