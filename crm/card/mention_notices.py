"""Who is named in a note is told of it, where he sees the record; not of what he wrote himself."""

from __future__ import annotations

from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from crm.card import mentions
from crm.deals import NOTE_WRITTEN
from crm.notices import notify
from crm.notices.kinds import MENTION
from pipelines.listening import listen
from pipelines.models import Event

EXCERPT = 140


@listen(NOTE_WRITTEN)
def note_written(entry: Event) -> None:
    record = mentions.record_of(entry)
    if record is None or not entry.data.get("mentions"):
        return
    name, who = record.name, str(entry.actor or "")
    said = Truncator(entry.data.get("text", "")).chars(EXCERPT)

    def text() -> str:
        return _("%(who)s mentioned you in “%(record)s”: %(text)s") % {
            "who": who, "record": name, "text": said,
        }  # fmt: skip

    for user in mentions.people_of(entry):
        if user.pk != entry.actor_id and mentions.sees(user, record):
            card = reverse(f"crm:{record._meta.model_name}", args=[record.pk])
            url = f"{card}#event-{entry.pk}"
            notify(user, MENTION, text=text, url=url, now=entry.at, key=f"mention:{entry.pk}")
