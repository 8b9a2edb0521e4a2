"""Names that differ by one slip of the finger, among many: without comparing each with each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import QuerySet

# In a shorter name another letter makes another name.
SHORTEST = 6
# Sorted by their letters, and by their letters from the end, two names with a slip stand beside each other, for the
# slip spares the beginning or the end; these many neighbours are looked at. A slip breaks at most four trigrams of
# each name, and a name of n letters has about n + 1.
NEIGHBOURS = 2
SQL = """
WITH named AS MATERIALIZED ({names}), sorted AS (
    SELECT bare, ids[1] AS one, array_agg(bare) OVER ahead AS others, array_agg(ids[1]) OVER ahead AS ones
    FROM named WHERE length(bare) >= %s
    WINDOW ahead AS (ORDER BY bare COLLATE "C" ROWS BETWEEN 1 FOLLOWING AND %s FOLLOWING)
    UNION ALL
    SELECT bare, ids[1], array_agg(bare) OVER ahead, array_agg(ids[1]) OVER ahead
    FROM named WHERE length(bare) >= %s
    WINDOW ahead AS (ORDER BY reverse(bare) COLLATE "C" ROWS BETWEEN 1 FOLLOWING AND %s FOLLOWING)
)
(SELECT bare, NULL, ids FROM named WHERE bare <> '' AND cardinality(ids) BETWEEN 2 AND %s ORDER BY bare LIMIT %s)
UNION ALL
(SELECT DISTINCT bare, other, ARRAY[sorted.one, beside.one] FROM sorted, unnest(others, ones) AS beside(other, one)
WHERE length(bare) - length(other) BETWEEN -1 AND 1
AND similarity(bare, other) * (length(bare) + 5) >= length(bare) - 3
ORDER BY 1 LIMIT %s)
"""
# What the trigrams let through and `is_slip` may refuse.
LOOKED_AT = 2_000


def groups(records: QuerySet[Any], bare: Any, *, crowd: int, most: int) -> list[list[int]]:
    """Ids of the records whose names are the same but for their looks, then of those a slip apart; one statement.

    `bare` is the name without its looks; a name that more than `crowd` records bear says nothing.
    """
    names = (
        records.order_by()
        .annotate(bare=bare)
        .values("bare")
        .annotate(ids=ArrayAgg("pk", order_by="pk"))
        .values_list("bare", "ids")
    )
    inner, params = names.query.sql_with_params()
    near = [SHORTEST, NEIGHBOURS, SHORTEST, NEIGHBOURS, crowd, most, LOOKED_AT]
    with connection.cursor() as cursor:
        cursor.execute(SQL.format(names=inner), [*params, *near])
        rows = cursor.fetchall()
    same = [ids for _name, other, ids in rows if other is None]
    slips = [ids for name, other, ids in rows if other is not None and is_slip(name, other)]
    return same + slips[:most]


def is_slip(one: str, other: str) -> bool:
    """Whether one letter too many, another letter or two letters swapped make one name of the other.

    Not where numbers differ («Склад 1», «Склад 2»), nor where it is a woman's name beside a man's.
    """
    if one == other or _digits(one) != _digits(other) or _is_ending(one, other):
        return False
    start = _shared(one, other)
    one, other = one[start:], other[start:]
    end = _shared(one[::-1], other[::-1])
    one, other = one[: len(one) - end], other[: len(other) - end]
    return (len(one) <= 1 and len(other) <= 1) or (len(one) == 2 and one == other[::-1])


def _shared(one: str, other: str) -> int:
    """How many letters both begin with."""
    pairs = enumerate(zip_longest(one, other))
    return next((number for number, (left, right) in pairs if left != right), len(one))


def _digits(name: str) -> Sequence[str]:
    return [sign for sign in name if sign.isdigit()]


def _is_ending(one: str, other: str) -> bool:
    """«Александр Ким» and «Александра Ким»."""
    pairs = zip_longest(one.split(), other.split(), fillvalue="")
    return all(left == right or f"{left}а" == right or f"{right}а" == left for left, right in pairs)
