"""Tasks as list and calendar, the day of a manager and of a team, leaves."""
