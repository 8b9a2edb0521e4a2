from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from config.services.__main__ import ACTIONS, run


class Command(BaseCommand):
    help = "Starts, stops or reports on the embedded PostgreSQL and Valkey."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=ACTIONS)

    def handle(self, *args: Any, **options: Any) -> None:
        code = run(options["action"], settings.VAR_DIR)
        if code:
            raise SystemExit(code)
