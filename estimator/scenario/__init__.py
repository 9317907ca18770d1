"""What did the user say? Scenarios and profiles, and their YAML files."""
