"""Prices, limits and capacity figures, each with its source; data only."""
