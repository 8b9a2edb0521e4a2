"""Goals: what people and teams are to sell in a month, set by their heads, and what they have sold of it."""
