"""What would bring clients back in time: found by search over simulated storms."""
