"""Where another deployment becomes the cheapest."""
