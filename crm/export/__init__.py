"""What one sees in a table, as an XLSX or CSV file: at once where it is little, else in the background.

A table registers what it is made of (`crm.export.sources`):

    @sources.source("deals", label=_("Deals"))
    def deals(user, query, *, everything, now) -> sources.Table: …

`Table.records` begins at `visible_to(user)`, so that nothing leaves that the person does not see. A page offers the file by
`{% include "crm/export_items.html" with kind="deals" query=query %}`; a batch's selection is the same address with `ids=`.
Other callers take the rows themselves: `sources.rows(kind, queryset, columns)`.
"""
