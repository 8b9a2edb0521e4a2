"""What is looked up of a regulation: its clauses with their log, violations, overrides, the control of closings; and tables as files."""
