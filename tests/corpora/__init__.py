"""Hostile texts, as plain lists: what tests put wherever somebody else's text can come in."""
