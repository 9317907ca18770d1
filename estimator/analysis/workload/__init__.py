"""What the clients do, as tables."""
