"""Fills an empty database with people and deals to try the pages on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.test.utils import override_settings
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from crm import outgoing, roles
from crm.demo import goals
from crm.demo.cast import OWN, PASSWORD, Cast, client, hire
from crm.demo.clock import in_office
from crm.demo.filters import save_filters
from crm.demo.own_lists import fill_lists
from crm.demo.past import tell_past
from crm.demo.story import Story
from crm.demo.tale import Book, books, tell_all
from crm.demo.today import pass_with_a_promise, work_today
from crm.demo.week import plan_week
from crm.models import Deal, Notice, Task, User
from pipelines import catalog, engine

# How many deals end where; the sum is what the board shows.
ENDS = {
    "new": 9, "taken": 8, "qualified": 6, "kp_sent": 8, "discussed": 6, "attempts": 7, "start": 4, "invoice": 4,
    "launched": 5, "spam": 2, "expensive": 3, "silent": 2, "unreached": 2,
}  # fmt: skip


class Command(BaseCommand):
    help = "Fills an empty database with demo users and deals of every company loaded; refuses where there are deals."

    def handle(self, *args: Any, **options: Any) -> None:
        if Deal.objects.exists():
            raise CommandError("There are deals here already; the demo is for an empty database.")
        catalog.refresh()
        missing = {"leads", "production"} - {pipeline.code for pipeline in catalog.pipelines()}
        if missing:
            raise CommandError(
                "The demo needs the playbook: run `manage.py playbook load axelerator` first."
            )
        if User.objects.filter(email__endswith="@demo.example").exists():
            raise CommandError("The demo's users are here already.")
        # The demo's letters count as sent and go nowhere, whatever server the settings name.
        with (
            override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend"),
            transaction.atomic(),
        ):
            cast = hire()
            tell_past(cast, chance=random.Random(5), now=timezone.now())
            self._tell(cast)
            told = self._tell_others(cast)
            fill_lists(cast.heads[0], now=timezone.now())
            save_filters(cast.heads[0], cast.managers[0])
            plan_week(cast.managers, now=timezone.now())
            # The weeks told are over, and so is what was said in them.
            now = timezone.now()
            Notice.objects.filter(at__lt=now - timedelta(hours=12)).update(read_at=now)
            pass_with_a_promise(cast.heads[0], now=now)
            for playbook, head, managers in self._departments(cast, told):
                goals.set_goals(head, managers, playbook, now=now)
                work_today(head, managers, playbook, now=now)
            outgoing.letters().deliver_all(now + timedelta(minutes=2))
        self._say([*cast.everybody, *(person for book in told for person in book.everybody)])

    def _tell(self, cast: Cast) -> None:
        # The same demo each time: pictures and tests can speak of it.
        chance, now = random.Random(7), timezone.now()
        ends = [end for end, count in ENDS.items() for _ in range(count)]
        for number, end in enumerate(ends):
            manager = cast.managers[number % len(cast.managers)]
            story = Story(client(chance, number), manager, cast.heads[0], end=end, chance=chance)
            sale = story.tell(now=now)
            if end == "launched":
                self._go_on(sale, cast, chance, number)

    def _tell_others(self, cast: Cast) -> list[Book]:
        """The companies whose stories are files, as far as their playbooks are loaded."""
        # The apps above add what their own records can be told of.
        autodiscover_modules("demo_steps")
        told, now = books(cast.managers), timezone.now()
        for book in told:
            tell_all(book, chance=random.Random(11), now=now)
        return told

    def _departments(self, cast: Cast, told: list[Book]) -> Iterator[tuple[str, User, list[User]]]:
        """Each company's playbook with a head and the managers of the sales."""
        yield OWN, cast.heads[0], cast.managers
        for book in told:
            if heads := book.people.get(roles.HEAD):
                yield book.playbook, heads[0], book.people[roles.MANAGER]

    def _go_on(self, sale: Deal, cast: Cast, chance: random.Random, number: int) -> None:
        """The account manager takes some of the handed-over deals further."""
        from datetime import timedelta

        from crm.planning import tasks
        from pipelines.actor import Actor

        continuation = sale.continuations.first()
        if continuation is None or number % 2:
            return
        by, at = (
            Actor.person(continuation.owner),
            in_office(sale.stage_since + timedelta(minutes=40)),
        )
        # The office's hours may lie before the hand-over: nobody works on what has not come yet.
        at = min(max(at, sale.stage_since + timedelta(minutes=1)), timezone.now())
        for task in Task.objects.open().filter(deal=continuation):
            tasks.complete_task(task, result="Познакомились, план работ согласован", by=by, now=at)
        continuation.reload()
        engine.move(
            continuation,
            to="in_work",
            by=by,
            now=at,
            answers={"finish_date": str((at + timedelta(days=30)).date())},
        )

    def _say(self, everybody: list[tuple[User, str]]) -> None:
        self.stdout.write(f"{Deal.objects.count()} сделок. Пароль у всех один: {PASSWORD}")
        for user, role in everybody:
            self.stdout.write(f"  {user.email:<22} {user} – {role}")
