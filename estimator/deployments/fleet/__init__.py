"""Nodes: which server, which machine, how many."""
