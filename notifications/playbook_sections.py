"""Templates as a section of a playbook's `company.yaml`; attached files lie in its folder `files/`.

templates:
  - template: deal-closed
    name: Закрытие сделки
    subject: "{deal}"
    body: |
      Здравствуйте, {contact}!
    files: [price.pdf]
  - template: welcome
    kind: sms                # or chat; without a kind it is a letter
    name: Приветствие
    body: "Здравствуйте, {contact}! Позвоним {nearest_working_time}."
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from notifications.models import Template, TemplateFile
from pipelines import registry
from pipelines.errors import PlaybookError

KEYS = ("template", "kind", "name", "subject", "body", "files")


def check(rows: Any, folder: Path) -> Iterator[str]:
    """Problems of the rows: unknown keys and placeholders, a code twice, a file that is not there."""
    if not isinstance(rows, list):
        yield _("here must stand a list of templates")
        return
    seen: set[str] = set()
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not row.get("template"):
            yield _("template %(number)s: “template: its code” is missing") % {"number": number}
            continue
        code = str(row["template"])
        yield from (f"{code}: {problem}" for problem in _check_row(row, folder))
        if code in seen:
            yield f"{code}: " + _("this code stands here twice")
        seen.add(code)


def _check_row(row: dict[str, Any], folder: Path) -> Iterator[str]:
    for key in row.keys() - set(KEYS):
        yield _("unknown key “%(key)s” (there are: %(known)s)") % {
            "key": key,
            "known": ", ".join(KEYS),
        }
    try:
        Template(**_columns(row)).full_clean(validate_unique=False)
    except ValidationError as error:
        for field, sentences in error.message_dict.items():
            yield from (f"{field}: {sentence}" for sentence in sentences)
    files = row.get("files") or []
    if not isinstance(files, list):
        yield _("files: must be a list of names")
        return
    if files and row.get("kind", "email") != "email":
        yield _("files: only a letter has files")
    for name in map(str, files):
        if Path(name).name != name:
            yield _("files: “%(name)s” must be a bare name; it lies in the folder files/") % {
                "name": name
            }
        elif not (folder / "files" / name).is_file():
            yield _("files: there is no files/%(name)s") % {"name": name}


def load(playbook: str, folder: Path, rows: Any, now: datetime) -> None:
    """Make the playbook's templates be these; one that is no longer among them is switched off, for its letters' sake.

    Errors: PlaybookError for a code that another playbook has.
    """
    codes = [str(row["template"]) for row in rows or []]
    known = {template.code: template for template in Template.objects.filter(code__in=codes)}
    if foreign := [
        template for template in known.values() if template.playbook not in ("", playbook)
    ]:
        raise PlaybookError(
            [
                _("templates: %(code)s: this code belongs to the playbook “%(playbook)s”")
                % {"code": template.code, "playbook": template.playbook}
                for template in foreign
            ]
        )
    for row in rows or []:
        columns: dict[str, Any] = _columns(row) | {"playbook": playbook, "is_active": True}
        template = known.get(columns["code"])
        if template is None:
            template = Template.objects.create(**columns)
        elif changed := [
            name for name, value in columns.items() if getattr(template, name) != value
        ]:
            for name in changed:
                setattr(template, name, columns[name])
            template.save(update_fields=changed)
        _load_files(template, [folder / "files" / str(name) for name in row.get("files") or []])
    Template.objects.active().filter(playbook=playbook).exclude(code__in=codes).update(
        is_active=False
    )


def _load_files(template: Template, paths: list[Path]) -> None:
    present = {file.name: file for file in template.files.all()}
    for name in present.keys() - {path.name for path in paths}:
        present[name].delete()
    for position, path in enumerate(paths):
        content = path.read_bytes()
        file = present.get(path.name) or TemplateFile(template=template, name=path.name)
        if file.pk and file.position == position and _content(file) == content:
            continue
        file.position = position
        if not file.pk or _content(file) != content:
            # A new stored file, never the old one overwritten: letters already queued share that one.
            file.file = ContentFile(content, path.name)
        file.save()


def _content(file: TemplateFile) -> bytes | None:
    try:
        with file.file.open("rb") as stream:
            return bytes(stream.read())
    except OSError:
        return None


def export(playbook: str) -> list[dict[str, Any]]:
    """The active templates in the order of their codes, empty keys left out. The files themselves stay where they are."""
    rows = []
    for template in (
        Template.objects.active()
        .filter(playbook=playbook)
        .order_by("code")
        .prefetch_related("files")
    ):
        row: dict[str, Any] = {
            "template": template.code,
            "kind": template.kind if template.kind != Template.Kind.EMAIL else "",
            "name": template.name,
            "subject": template.subject,
            "body": template.body,
        }
        if files := [file.name for file in template.files.all()]:
            row["files"] = files
        rows.append({key: value for key, value in row.items() if value})
    return rows


def _columns(row: dict[str, Any]) -> dict[str, str]:
    return {
        "code": str(row["template"]),
        "kind": str(row.get("kind") or "email"),
        "name": str(row.get("name") or ""),
        "subject": str(row.get("subject") or ""),
        "body": str(row.get("body") or ""),
    }


def _codes() -> list[tuple[str, str]]:
    """All of them: a rule's parameter stays valid when its template is switched off, and the run says so."""
    return list(Template.objects.order_by("name").values_list("code", "name"))


registry.section(registry.Section(name="templates", check=check, load=load, export=export))
registry.template_sources.append(_codes)
