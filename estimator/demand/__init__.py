"""What do the clients then do? Demand hour by hour, and its bytes on the wire."""
