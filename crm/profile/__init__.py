"""One's own page: who one is, one's picture, one's clock and language, and what one wants to be told of."""
