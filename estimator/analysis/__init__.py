"""What follows from many bills?"""
