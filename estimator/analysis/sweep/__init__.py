"""Bills over whole ranges of one or more fields."""
