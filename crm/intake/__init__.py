"""What arrives by itself, whose it is and who works it."""
