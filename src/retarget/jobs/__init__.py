"""What the jobs of a batch do beside solving, and what is shared or asked among them."""
