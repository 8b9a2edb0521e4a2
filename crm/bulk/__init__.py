"""What is done to many deals at once from the table: which deals (`selection`), how each is changed (`kinds`), and what is asked once (`forms`)."""
