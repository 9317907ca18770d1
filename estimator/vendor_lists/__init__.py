"""What do the vendors' own price lists say, and where does ours say something else?"""
