"""What a batch asks of each of its deals, asked of all of them by one statement.

A rule asks for the open tasks of its deal, the next rule for its letters: of fifty deals that is a hundred statements,
and each makes what waits in `pipelines.writes` be written. Inside `together` the first question is asked for all the
deals, and the answers serve the others until something is written: a row of a deal takes back what is known of that
deal, a statement that says nothing of its rows takes back everything.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import models

Rows = list[Any]


class _Known:
    def __init__(self, deals: Iterable[int]) -> None:
        self.deals = set(deals)
        # By model and question: the rows of each deal.
        self.rows: dict[tuple[type[models.Model], Hashable], dict[int, Rows]] = {}


_known: ContextVar[_Known | None] = ContextVar("read_of_all_deals", default=None)


@contextmanager
def together(deals: Iterable[int]) -> Iterator[None]:
    """Let `of_deal` ask for all these deals, by id, at once. They are locked: nobody else writes to them meanwhile."""
    token = _known.set(_Known(deals))
    try:
        yield
    finally:
        _known.reset(token)


def of_deal(
    deal: int,
    model: type[models.Model],
    question: Hashable,
    load: Callable[[list[int]], Mapping[int, Rows]],
) -> Rows:
    """The rows of the model that answer the question on this deal; `load` reads them of many, {deal: rows}.

    `question` names what `load` asks, so that another question on the same model has answers of its own.
    """
    known = _known.get()
    if known is None or deal not in known.deals:
        return load([deal]).get(deal, [])
    rows = known.rows.get((model, question))
    if rows is None:
        found = load(sorted(known.deals))
        rows = known.rows[model, question] = {pk: found.get(pk, []) for pk in known.deals}
    elif deal not in rows:
        rows[deal] = load([deal]).get(deal, [])
    return rows[deal]


def join(deals: Iterable[int]) -> None:
    """These deals, new ones or locked since the batch began, are asked for together with the others too."""
    if (known := _known.get()) is not None:
        known.deals.update(deals)


def written(row: models.Model) -> None:
    """The row is being written: what is known of its deal holds no longer, unless it is one of the instances known.

    A row that belongs to no deal (a client's phone) may belong to the clients of several.
    """
    if (known := _known.get()) is None:
        return
    deal = getattr(row, "deal_id", None)
    for (model, _question), rows in known.rows.items():
        if not isinstance(row, model):
            continue
        if deal is None:
            rows.clear()
        elif not any(row is mine for mine in rows.get(deal, ())):
            rows.pop(deal, None)


def forget() -> None:
    """Something was written, or rolled back, of which nothing is known. From here on each deal is asked for by itself:
    what writes so at every deal would else have all of them read at every deal.
    """
    if (known := _known.get()) is not None:
        for rows in known.rows.values():
            rows.clear()
