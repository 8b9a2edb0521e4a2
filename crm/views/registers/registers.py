"""What the pages of violations and of overrides have in common: a page of the rows found, and where each row belongs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crm import rights
from crm.models import User
from crm.registers.asking import RegisterFilter
from crm.views.answers import SignedIn
from crm.views.chosen import query_without

PAGE = 50


def page_of(
    request: SignedIn,
    asked: RegisterFilter,
    found: QuerySet[Any],
    rows_of: Callable[[Any, User], list[Any]],
) -> dict[str, Any]:
    """What the template of a register is given: the page asked for, its rows in words."""
    part = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return {
        "filter": asked,
        "page": part,
        "rows": rows_of(part.object_list, request.user),
        "query": query_without(request, "page"),
        "may_export": request.user.may(rights.EXPORT),
    }


def place_columns() -> list[tuple[str, int]]:
    """The first columns of an exported register, with their widths."""
    return [
        (_("When"), 17),
        (_("Who"), 25),
        (_("Clause"), 10),
        (_("What the clause says"), 40),
        (_("Pipeline"), 18),
        (_("Deal"), 30),
        (_("Deal number"), 10),
    ]


def place(item: Any, person: User, *, words: str, deal: str) -> list[Any]:
    """What stands in these columns; `deal` is its name, empty where the reader may not see it."""
    return [item.at, str(person), item.clause, words, item.pipeline.name, deal, item.deal_id]
