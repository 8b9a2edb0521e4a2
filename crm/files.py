"""The files of a deal: kept under a safe name, shown to those who may see the deal, taken off but never lost."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Deal, DealFile
from pipelines import engine, registry
from pipelines.actor import Actor
from pipelines.errors import BadAnswer
from pipelines.locking import check_right_to_edit

FILE_ADDED = registry.event("file.added", label=gettext_lazy("file added"), icon="paperclip")
FILE_REMOVED = registry.event("file.removed", label=gettext_lazy("file removed"), icon="paperclip")

SIZE_LIMIT = 25 * 1024 * 1024
NAME_LIMIT = 200


@transaction.atomic
def add_file(deal: Deal, upload: Any, *, by: Actor, now: datetime) -> DealFile:
    """Keep an uploaded file with the deal. Errors: BadAnswer for an empty or too large one."""
    if not upload or not upload.size:
        raise BadAnswer({"file": _("The file is empty.")})
    if upload.size > SIZE_LIMIT:
        raise BadAnswer({"file": _("A file has at most 25 MB.")})
    pipeline = engine.lock(deal)
    check_right_to_edit(deal, pipeline, by)
    name = safe_name(upload.name)
    kept = DealFile(deal=deal, name=name, size=upload.size, uploaded_by=by.user, uploaded_at=now)
    # On the disk it has a name of our own: the client's may be any text, and two may be alike.
    kept.file.save(f"{uuid4().hex}{PurePosixPath(name).suffix[:12]}", upload, save=False)
    kept.save()
    engine.record(
        FILE_ADDED,
        deal=deal,
        by=by,
        now=now,
        data={"file": kept.pk, "name": name, "size": upload.size},
    )
    return kept


@transaction.atomic
def remove_file(file: DealFile, *, by: Actor, now: datetime) -> None:
    """Take a file off the deal's list; the feed remembers it. Errors: RegulationError without the right to edit."""
    deal = file.deal
    pipeline = engine.lock(deal)
    check_right_to_edit(deal, pipeline, by)
    if DealFile.objects.filter(pk=file.pk, archived_at=None).update(archived_at=now):
        engine.record(
            FILE_REMOVED, deal=deal, by=by, now=now, data={"file": file.pk, "name": file.name}
        )


def files_of(deals: Iterable[int]) -> Any:
    """The files of the deals (a deal and the sale it continues), newest first."""
    return DealFile.objects.filter(deal__in=list(deals), archived_at=None).select_related(
        "uploaded_by"
    )


def safe_name(raw: str) -> str:
    """A file's name without folders, control characters and leading dots, its ending kept when it is cut."""
    text = unicodedata.normalize("NFC", str(raw)).replace("\\", "/").rsplit("/", 1)[-1]
    # Cf: marks that turn the reading direction make «fdp.exe» out of «exe.pdf».
    text = "".join(
        sign for sign in text if unicodedata.category(sign) not in ("Cc", "Cf", "Zl", "Zp")
    )
    text = " ".join(text.split()).lstrip(". ") or "file"
    ending = PurePosixPath(text).suffix[:20]
    return text if len(text) <= NAME_LIMIT else text[: NAME_LIMIT - len(ending)] + ending
