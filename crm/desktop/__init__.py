"""The desktop: widgets that each person chooses and places. `registry` says what one is, `layout` where they stand."""
