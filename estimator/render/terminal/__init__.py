"""Results in a terminal of 80 columns or more."""
