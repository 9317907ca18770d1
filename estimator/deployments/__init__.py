"""What would a cloud meter, and how much must run? One module for each cloud."""
