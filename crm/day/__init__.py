"""«My day»: one ordered queue of all that waits for a person today, and a head's view of where it goes wrong."""
