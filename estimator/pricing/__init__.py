"""What does a quantity cost? Meters, rates, tiers, allowances and bills."""
