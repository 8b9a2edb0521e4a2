"""Keeping files with a deal, a client or an item of a list: under a safe name, taken off but never lost."""

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

from crm.files import contents, limits
from crm.lists import items
from crm.models import Deal, File, ListItem
from crm.records import Record, of
from pipelines import engine, registry
from pipelines.actor import Actor
from pipelines.errors import BadAnswer
from pipelines.locking import check_right_to_edit

FILE_ADDED = registry.event("file.added", label=gettext_lazy("file added"), icon="paperclip")
FILE_REMOVED = registry.event("file.removed", label=gettext_lazy("file removed"), icon="paperclip")

NAME_LIMIT = 200


@transaction.atomic
def add_file(record: Record, upload: Any, *, by: Actor, now: datetime) -> File:
    """Keep an uploaded file with a record.

    One whose name promises something else than its content is kept and known as such (`disagrees`): it is only ever
    downloaded. Errors: BadAnswer for an empty or too large one, RegulationError without the right to edit.
    """
    if not upload or not upload.size:
        raise BadAnswer({"file": _("The file is empty.")})
    name = safe_name(upload.name)
    if upload.size > limits.SIZE_LIMIT:
        raise TooLarge([name])
    _may_change(record, by)
    content = contents.look(upload)
    kept = File(
        **of(record),
        name=name,
        size=upload.size,
        family=content.family,
        disagrees=content.disagrees,
        uploaded_by=by.user,
        uploaded_at=now,
    )
    # On the disk it has a name of our own: the client's may be any text, and two may be alike.
    own = uuid4().hex
    if content.family == "image" and (small := contents.preview(upload)) is not None:
        kept.preview.save(f"{own}.webp", small, save=False)
    kept.file.save(f"{own}{PurePosixPath(name).suffix[:12]}", upload, save=False)
    kept.save()
    facts = {"file": kept.pk, "name": name, "size": upload.size, "preview": bool(kept.preview)}
    _tell(FILE_ADDED, record, by=by, now=now, data=facts)
    return kept


@transaction.atomic
def remove_file(file: File, *, by: Actor, now: datetime) -> None:
    """Take a file off its record's list; the feed remembers it. Errors: RegulationError without the right to edit."""
    record: Record = file.record  # type: ignore[assignment]
    _may_change(record, by)
    if File.objects.filter(pk=file.pk, archived_at=None).update(archived_at=now):
        facts = {"file": file.pk, "name": file.name}
        _tell(FILE_REMOVED, record, by=by, now=now, data=facts)


def _may_change(record: Record, by: Actor) -> None:
    """A contact or a company is changed by whoever sees it; a deal as its stage lets, an item as its list does."""
    if isinstance(record, Deal):
        check_right_to_edit(record, engine.lock(record), by)
    elif isinstance(record, ListItem):
        items.check_right(record.list, by)


def _tell(verb: str, record: Record, *, by: Actor, now: datetime, data: dict[str, Any]) -> None:
    if isinstance(record, ListItem):
        items.record(verb, record, by=by, now=now, data=data)
    else:
        engine.record(verb, **of(record), by=by, now=now, data=data)


def files_of(deals: Iterable[int]) -> Any:
    """The files of the deals (a deal and the sale it continues), newest first."""
    return File.objects.filter(deal__in=list(deals), archived_at=None).select_related("uploaded_by")


class TooLarge(BadAnswer):
    """Files beyond the limit; says which, how large one may be, and what to do."""

    def __init__(self, names: Iterable[str]) -> None:
        said = _("%(names)s: more than 25 MB. Send a link to it, or split it into parts.")
        super().__init__({"file": said % {"names": ", ".join(f"“{name}”" for name in names)}})


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
