"""What the records show of themselves on cards, the board and the table, through `crm.panels`."""

from crm.shown import (
    board_fields,
    delivery_panel,
    invoice_panel,
    payment_panel,
    violation_panel,
    warning_panel,
)

# In the order in which a card shows them.
SOURCES = (
    board_fields,
    delivery_panel,
    payment_panel,
    invoice_panel,
    violation_panel,
    warning_panel,
)
