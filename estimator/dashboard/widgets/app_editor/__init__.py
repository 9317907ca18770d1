"""What does your app do? The profile of a scenario, field by field."""
