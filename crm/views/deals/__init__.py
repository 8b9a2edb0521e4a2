"""The board, the table, moving a deal and making one."""
