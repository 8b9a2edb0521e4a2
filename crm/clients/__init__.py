"""Contacts and companies: their cards, their lists, whose they are."""
