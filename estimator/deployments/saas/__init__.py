"""What would people buy instead of a cloud? One module for each managed service."""
