"""How names of people, companies and deals are written."""
