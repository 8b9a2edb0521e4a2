"""What guards share that ask for an entry of the feed: the field of a deal that names one."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext_lazy

from pipelines.context import Context
from pipelines.models import Event
from pipelines.params import FieldField, ParamsForm
from pipelines.registry import No


class EntryParams(ParamsForm):
    field = FieldField(label=gettext_lazy("field"))


def names_entry(
    context: Context, field: str, holds: Callable[[Event], bool], *, none: str, wrong: str
) -> No | None:
    """The field names an entry of this deal that `holds`; else the sentence for `none`, or for a `wrong` one."""
    chosen = context.value(field)
    if not chosen:
        return No(none, (field,))
    event = context.fact(
        f"event {chosen}", lambda: Event.objects.filter(pk=chosen, deal=context.deal).first()
    )
    return None if event is not None and holds(event) else No(wrong, (field,))
