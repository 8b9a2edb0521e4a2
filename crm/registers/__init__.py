"""The registers of violations and overrides, and tables as files."""
