"""Narrowing a feed: to entries of some kinds, and to those in which certain words stand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Q, QuerySet, TextField
from django.db.models.expressions import Func
from django.http import QueryDict
from django.utils.translation import pgettext_lazy

from pipelines import registry
from pipelines.catalog import CompiledField
from pipelines.models import Event

TEXT_LIMIT = 100
WORDS_LIMIT = 6

# What a person would look for, in the order of the page: a name, an icon, and the verbs or their beginnings.
KINDS: dict[str, tuple[Any, str, tuple[str, ...]]] = {
    "note": (pgettext_lazy("feed", "Notes"), "note", ("note.",)),
    "task": (pgettext_lazy("feed", "Tasks"), "checkbox", ("task.", "scenario.chosen")),
    "letter": (pgettext_lazy("feed", "Letters"), "mail", ("letter.",)),
    "message": (pgettext_lazy("feed", "Messages"), "message-2", ("message.", "form.")),
    "call": (pgettext_lazy("feed", "Calls"), "phone", ("call.",)),
    "stage": (
        pgettext_lazy("feed", "Stages"),
        "arrow-right",
        ("deal.opened", "deal.moved", "deal.handed_over", "deal.archived", "offer."),
    ),
    "field": (
        pgettext_lazy("feed", "Fields"),
        "pencil",
        ("field.", "deal.tagged", "deal.assigned", "deal.linked", "client.", "contact.", "company."),
    ),
    "file": (pgettext_lazy("feed", "Files"), "paperclip", ("file.",)),
    "money": (pgettext_lazy("feed", "Money"), "cash", ("payment.", "invoice.", "delivery.", "licence.")),
    # All the rest, of verbs that are gone too.
    "system": (pgettext_lazy("feed", "System"), "robot", ()),
}  # fmt: skip


class _Strings(Func):
    """The texts that stand in an entry's data, as one; codes that nobody reads are left out."""

    template = (
        "jsonb_path_query_array((%(expressions)s) - "
        "'{to_code,from_code,scenario,kind,clause,rule,channel,verb,currency}'::text[], "
        "'strict $.** ? (@.type() == \"string\")')::text"
    )
    output_field = TextField()


@dataclass(frozen=True)
class Filter:
    """What is asked of a feed; nothing asked is the whole of it."""

    kinds: tuple[str, ...] = ()
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.kinds or self.text)

    @property
    def query(self) -> str:
        """As the address carries it, `kind=note&q=offer`; empty for the whole feed."""
        asked = [("kind", kind) for kind in self.kinds]
        return urlencode([*asked, *([("q", self.text)] if self.text else [])])

    def narrow(
        self, events: QuerySet[Event], known: Iterable[CompiledField] = ()
    ) -> QuerySet[Event]:
        """The entries asked for; `known` are the fields whose labels and choices are shown in this feed."""
        if self.kinds:
            events = events.filter(_of_kinds(self.kinds))
        if self.text:
            fields = list(known)
            events = events.annotate(said=_Strings("data"))
            for word in self.text.split()[:WORDS_LIMIT]:
                events = events.filter(_has(word, fields))
        return events

    def ordered(self, events: QuerySet[Event]) -> QuerySet[Event]:
        """The newest first. Of a narrowed feed the planner must not walk the whole table by its key for the few that fit."""
        return events.order_by((F("pk") + 0).desc()) if self else events.order_by("-pk")


ALL = Filter()


def read(given: QueryDict) -> Filter:
    """From an address, whoever wrote it: what is unknown there is passed over."""
    kinds = tuple(kind for kind in KINDS if kind in given.getlist("kind"))
    text = " ".join(given.get("q", "").replace("\x00", "").split())
    return Filter(() if len(kinds) == len(KINDS) else kinds, text[:TEXT_LIMIT])


def _of_kinds(kinds: Iterable[str]) -> Q:
    asked = [_verbs(kind) for kind in kinds if kind != "system"]
    found = Q(verb__in=[verb for verbs in asked for verb in verbs])
    if "system" in kinds:
        told = [verb for kind in KINDS for verb in _verbs(kind)]
        found |= ~Q(verb__in=told)
    return found


def _verbs(kind: str) -> list[str]:
    _label, _icon, starts = KINDS[kind]
    return [verb for verb in registry.verbs if starts and verb.startswith(starts)]


def _has(word: str, fields: list[CompiledField]) -> Q:
    """Where the word stands in what the line says: its texts, what happened, who did it, which field, which choice."""
    # The texts are joined as JSON, in which a quote or a backslash is written with one more sign.
    found = Q(said__icontains=json.dumps(word, ensure_ascii=False)[1:-1])
    sought = word.casefold()
    found |= Q(
        verb__in=[verb for verb, it in registry.verbs.items() if sought in str(it.label).casefold()]
    )
    found |= Q(rule=None) & (
        Q(actor__first_name__icontains=word) | Q(actor__last_name__icontains=word)
    )
    named = [field.code for field in fields if sought in str(field.label).casefold()]
    if named:
        found |= Q(data__fields__has_any_keys=named)
    for field in fields:
        for choice, label in field.choices.items():
            if sought in str(label).casefold():
                # One before or after; of a field with many choices, one of them.
                value = [choice] if field.type == "choices" else choice
                found |= Q(data__contains={"fields": {field.code: [value]}})
    return found
