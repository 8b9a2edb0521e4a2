"""The regulation and what became of it: violations, overrides, the control of closings."""
