"""`manage.py playbook load|check|export|diff|list|reference [NAME] [--dir PATH]`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from pipelines import playbook
from pipelines.errors import PlaybookError
from pipelines.models import Pipeline, Regulation
from pipelines.playbook import reference
from pipelines.playbook.clauses import export_clauses, write_clauses
from pipelines.playbook.exporting import write
from pipelines.playbook.reading import COMPANY


class Command(BaseCommand):
    help = "Load, check, export and compare playbooks: the regulation as YAML; list what one can be written with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "what", choices=["load", "check", "export", "diff", "list", "reference"]
        )
        parser.add_argument(
            "name",
            nargs="?",
            help="a playbook's folder name or path; for export, also a pipeline's code",
        )
        parser.add_argument(
            "--dir",
            type=Path,
            help="where playbooks stand; for export, where to write (else: print)",
        )
        parser.add_argument(
            "--new",
            action="store_true",
            help="load: only where no pipeline of the playbook exists yet",
        )

    def handle(self, *args: Any, what: str, name: str | None, **options: Any) -> None:
        if name is None and what not in ("list", "reference"):
            raise CommandError(
                _("Name a playbook: %(names)s") % {"names": ", ".join(_names(options["dir"]))}
            )
        try:
            getattr(self, f"_{what}")(name, **options)
        except PlaybookError as error:
            raise CommandError("\n".join(error.problems)) from error

    def _reference(self, name: str | None, **options: Any) -> None:
        self.stdout.write(reference.write(), ending="")

    def _list(self, name: str | None, **options: Any) -> None:
        for folder in playbook.shipped(options["dir"]):
            book, problems = playbook.read_book(folder)
            codes = ", ".join(spec.code for spec in book.pipelines)
            self.stdout.write(
                f"{folder.name}: {book.company.name} ({codes}){' !' if problems else ''}"
            )

    def _load(self, name: str, **options: Any) -> None:
        folder = playbook.find(name, options["dir"])
        if options["new"]:
            book, _problems = playbook.read_book(folder)
            if book.company.code and Pipeline.objects.filter(playbook=book.company.code).exists():
                return
        for line in playbook.load(folder, now=timezone.now()).lines():
            self.stdout.write(line)

    def _check(self, name: str, **options: Any) -> None:
        problems = playbook.check(playbook.find(name, options["dir"]))
        if problems:
            raise PlaybookError(problems)
        self.stdout.write(_("%(name)s: no problems") % {"name": name})

    def _export(self, name: str, **options: Any) -> None:
        found = Pipeline.objects.filter(is_active=True)
        rows = list(found.filter(code=name) or found.filter(playbook=Path(name).name))
        if not rows:
            raise CommandError(
                _("No pipeline and no playbook “%(name)s” in the database.") % {"name": name}
            )
        if Path(name).name == rows[0].playbook:
            self._export_clauses(rows[0].playbook, options["dir"])
        for row in rows:
            if options["dir"] is None:
                self.stdout.write(playbook.export(row), ending="")
            else:
                options["dir"].mkdir(parents=True, exist_ok=True)
                path = options["dir"] / f"{row.code}.yaml"
                path.write_text(playbook.export(row), encoding="utf-8")
                self.stdout.write(str(path))

    def _export_clauses(self, code: str, folder: Path | None) -> None:
        """The company's file as far as rows know it: its name and its clauses."""
        regulation = Regulation.objects.filter(playbook=code).first()
        if regulation is None:
            return
        text = _text({"playbook": code, "name": regulation.name} | export_clauses(code))
        if folder is None:
            self.stdout.write(text + "---\n", ending="")
            return
        folder.mkdir(parents=True, exist_ok=True)
        (folder / COMPANY).write_text(text, encoding="utf-8")
        self.stdout.write(str(folder / COMPANY))

    def _diff(self, name: str, **options: Any) -> None:
        book, problems = playbook.read_book(playbook.find(name, options["dir"]))
        if problems:
            raise PlaybookError(problems)
        company = book.company
        clauses = write_clauses(company.clauses, company.effective) if company.clauses else {}
        self._print_diff("clauses", _text(export_clauses(company.code)), _text(clauses))
        for spec in book.pipelines:
            row = Pipeline.objects.filter(code=spec.code).first()
            old = playbook.export(row) if row else ""
            self._print_diff(spec.code, old, write(spec))

    def _print_diff(self, title: str, old: str, new: str) -> None:
        for number, line in enumerate(playbook.diff(old, new)):
            if number == 0:
                self.stdout.write(
                    f"--- {title}: " + _("in the database") + "\n+++ " + _("in the file")
                )
            self.stdout.write(line)


def _text(document: dict[str, Any]) -> str:
    return playbook.dump(document) if document else ""


def _names(root: Path | None) -> list[str]:
    return [folder.name for folder in playbook.shipped(root)]
