"""The bell for whoever is responsible for a licence that runs out."""

from __future__ import annotations

from crm.notices.hearing import tell_owner
from crm.notices.kinds import LICENCE
from licenses import keeping
from pipelines.listening import listen
from pipelines.models import Event


@listen(keeping.DUE)
def runs_out(entry: Event) -> None:
    """Each step of the countdown is told once; the words are the feed's."""
    name, left = str(entry.deal), entry.data.get("text", "")
    key = f"licence:{entry.data['licence']}:{entry.data['expires_on']}:{entry.data['step']}"
    tell_owner(entry, LICENCE, lambda: f"{name}: {left}" if left else name, key=key)
