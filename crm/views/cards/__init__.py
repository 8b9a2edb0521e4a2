"""The cards of deals and clients, and all that is written, sent and paid from them."""
