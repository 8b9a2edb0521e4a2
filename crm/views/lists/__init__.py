"""Lists with what every list has: filters, columns, changes of many, import and export."""
