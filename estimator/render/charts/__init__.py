"""Charts as matplotlib figures; never through pyplot, whose state all users would share.

``estimator.render`` finds them by name, so that only what is asked for is imported.
"""
