"""Simulated weeks, compared with what a scenario assumes."""
