"""The dashboard: a scenario in the address bar, its bills on the page."""
