"""`manage.py clauses`: clause by clause, the rules and the tests that hold it. Needs no database."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pipelines.playbook import proofs


class Command(BaseCommand):
    help = "Print every clause of the regulations with its rules and tests, or “missing”."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", help="only the clauses of this playbook")
        parser.add_argument("--tests", type=Path, default=Path(settings.BASE_DIR) / "tests")
        parser.add_argument(
            "--fail-under",
            type=Path,
            metavar="FILE",
            help="fail when a clause of this list lost its rule or test",
        )
        parser.add_argument(
            "--write", type=Path, metavar="FILE", help="write the list of what is proved now"
        )

    def handle(self, *args: Any, company: str | None, **options: Any) -> None:
        clauses, problems = proofs.collect(options["tests"])
        shown = [clause for clause in clauses if company in (None, clause.company)]
        if not shown:
            problems.append(f"no clauses of “{company}”")
        for clause in shown:
            state = "" if clause.proved else "  rule, no test" if clause.rules else "  missing"
            self.stdout.write(f"{clause.id}{state}  {clause.words}")
            for kind, names in (("rule", clause.rules), ("test", clause.tests)):
                for name in names:
                    self.stdout.write(f"    {kind}  {name}")
        for name in dict.fromkeys(clause.company for clause in shown):
            self._total(name, [clause for clause in shown if clause.company == name])
        self._total("all", shown)
        if options["write"]:
            options["write"].write_text(proofs.as_list(clauses), encoding="utf-8")
        if options["fail_under"]:
            problems += proofs.lost(clauses, options["fail_under"])
        if problems:
            raise CommandError("\n".join(problems))

    def _total(self, name: str, clauses: list[proofs.Clause]) -> None:
        proved = sum(clause.proved for clause in clauses)
        self.stdout.write(f"{name}: {proved} of {len(clauses)} proved")
