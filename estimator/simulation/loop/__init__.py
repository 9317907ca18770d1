"""What happens next? One event after the other, compiled: what the exact engine plays.

All functions below here are compiled into one, and Python runs them as they are without numba. That
is why they are plain: arrays, records and numbers, and no classes.
"""
