"""What is asked of deals in an address, for the board and the table alike: docs/filters.md is its language.

`asking` has the kinds of conditions, `own` those over the fields of a regulation, `known` all that a pipeline has,
`deal` reads an address by them, `panel` shows them, `saved` keeps them under a name.
"""

from crm.filters.addresses import address
from crm.filters.deal import DealFilter
from crm.filters.people import RowField, people_of
from crm.filters.text import mentions, phone_has

__all__ = ["DealFilter", "RowField", "address", "mentions", "people_of", "phone_has"]
