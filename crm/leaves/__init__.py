"""Leaves: who is away, and who stands in for him meanwhile.

What the deputy sees is decided where all sight is (`User.visible_owner_ids`); what rules would give to whom is away
goes through `standing.in_place_of`.
"""
