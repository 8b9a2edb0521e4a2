"""Conditions in the shapes that the search indexes serve."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Expression, F, Func, Q, QuerySet
from django.db.models.functions import Lower
from django.db.models.lookups import Contains, StartsWith

# A trigram index knows nothing of one or two letters in the middle of a word, but knows how words begin.
SHORT = 3


def name_has(text: str, field: str = "name") -> Q:
    """Any part of a name, whatever the case; one or two letters are looked for at the beginnings of words."""
    lowered, text = Lower(field), " ".join(text.lower().split())
    if len(text) < SHORT:
        return Q(StartsWith(lowered, text)) | Q(Contains(lowered, f" {text}"))
    return Q(Contains(lowered, text))


def one_of(column: str, ids: QuerySet[Any]) -> Expression:
    """`column = ANY(ARRAY(SELECT …))`: the inner query runs once and first, so that an OR of such can use indexes."""
    return Func(
        F(column),
        ArraySubquery(ids),
        template="%(expressions)s)",
        arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )
