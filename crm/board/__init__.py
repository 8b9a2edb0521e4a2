"""Deals as a board and as a table: columns with counts, cards and lines, and which fields they show."""
