"""What is asked of a list in an address, alike for all lists: docs/filters.md is its language.

`asking` has the kinds of conditions, `columns` what they ask of a record's columns, `own` of the fields of a regulation or
an own list; `base` reads an address by the conditions of its list, `panel` shows them, `saved` keeps them under a name.
Of deals `known` has the conditions and `deal` the filter; those of tasks are `crm.planning.asked`, of contacts, companies
and own lists `crm.lists.asked`.
"""

from crm.filters.addresses import address
from crm.filters.base import Filter
from crm.filters.deal import DealFilter
from crm.filters.people import RowField, people_of
from crm.filters.text import mentions, phone_has

__all__ = ["DealFilter", "Filter", "RowField", "address", "mentions", "people_of", "phone_has"]
