"""Finding rows by their deal: by its number, or by a part of its name through the deals' own index."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import apps
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from pipelines.numbers import whole

# More deals than anybody will look through; without a bound a short word would join the whole table.
MOST = 500


class DealSearch:
    """Searches a table with a `deal`; subclasses with a `rule` are found by its clause too."""

    search_fields: ClassVar[Any] = ("deal__id",)
    search_help_text: ClassVar[Any] = gettext_lazy(
        "By the deal's number or a part of its name; runs and timers by clause too."
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isdigit():
            return queryset.filter(deal=whole(term) or 0), False
        deals = (
            apps.get_model("crm.Deal")
            ._base_manager.annotate(lower_name=Lower("name"))
            .filter(lower_name__contains=term.casefold())
            .order_by()
            .values_list("pk", flat=True)[:MOST]
        )
        found = Q(deal__in=list(deals))
        if any("clause" in field for field in self.search_fields):
            found |= Q(rule__clause__iexact=term)
        return queryset.filter(found), False
