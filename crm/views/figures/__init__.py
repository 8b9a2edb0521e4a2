"""Analytics, the desktop and the goals they are measured by."""
