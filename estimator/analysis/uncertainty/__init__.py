"""How far a bill may be off, and why."""
