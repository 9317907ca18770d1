"""How does a person or a tool read it? Comparisons, charts and tables."""
