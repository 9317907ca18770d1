"""How does each vendor write its price list? One reader per vendor, one form for all."""
