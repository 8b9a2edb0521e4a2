"""Tasks: their verbs, and a person's own list of them."""
