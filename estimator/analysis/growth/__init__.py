"""What the months to come cost."""
