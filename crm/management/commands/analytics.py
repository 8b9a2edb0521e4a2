"""`manage.py analytics check|rebuild`: whether the reports read what happened, and making them do so."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.analytics import rebuilding


class Command(BaseCommand):
    help = "Compares what the reports read with the history of deals, or copies it anew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["check", "rebuild"])

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        if what == "rebuild":
            rebuilding.rebuild()
        found = rebuilding.differences()
        for name, number in found.items():
            self.stdout.write(f"{name}: {number} different")
        if any(found.values()):
            raise CommandError("The reports are not whole: run `manage.py analytics rebuild`.")
