"""How does each vendor write a bill?"""
