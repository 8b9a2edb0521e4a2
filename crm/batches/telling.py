"""Telling whoever started a large batch that it is done: he has gone on with other work meanwhile."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from crm.models import Batch
from crm.notices import notify
from crm.notices.kinds import BATCH_FINISHED, IMPORT_FINISHED

IMPORTS = "import"


def tell_finished(batch: Batch, *, now: datetime) -> None:
    """Once a batch; in the transaction that ends it."""

    def text() -> str:
        counted = {"title": batch.title, "done": batch.done, "refused": batch.refused}
        if batch.refused:
            return _("%(title)s: %(done)s done, %(refused)s refused") % counted
        return _("%(title)s: %(done)s done") % counted

    notify(
        batch.by,
        IMPORT_FINISHED if batch.kind.startswith(IMPORTS) else BATCH_FINISHED,
        text=text,
        url=reverse("crm:batch", args=[batch.pk]),
        now=now,
        key=f"batch:{batch.pk}:done",
    )
