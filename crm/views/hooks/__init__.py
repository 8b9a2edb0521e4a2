"""What other systems send in."""
