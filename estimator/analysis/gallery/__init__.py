"""Which app costs what?"""
