"""What a changed scenario does to each bill."""
