"""What does a deployment cost in a month, and is it within its limits?"""
