"""The deal's card: what it shows, how its fields are edited, its feed in words."""
