"""The regulations as pages show them: clauses with the rules that carry them out, what came of them, who has read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import visibility
from crm.models import Team, User
from crm.roles import ROBOT
from pipelines.catalog import CompiledPipeline
from pipelines.errors import RegulationError
from pipelines.models import LoggedRefusal, Reading, Regulation, Rule, RuleRun, Violation
from pipelines.rule_words import NAMED_IN_WORDS, RuleLine
from pipelines.transactions import verb


@dataclass
class ClauseLine:
    """A clause with its rules in words and this month's counts."""

    code: str
    words: str
    rules: list[RuleLine] = field(default_factory=list)
    refused: int = 0
    acted: int = 0
    broken: int = 0


@dataclass
class Section:
    title: str
    clauses: list[ClauseLine] = field(default_factory=list)


@dataclass
class Reader:
    person: User
    read_at: datetime | None


@dataclass
class Page:
    """`readers` are the people of a head who may be expected to read it, those who have not first."""

    regulation: Regulation
    pipelines: list[CompiledPipeline]
    sections: list[Section]
    since: datetime
    read_at: datetime | None
    readers: list[Reader]

    @property
    def unread(self) -> int:
        return sum(reader.read_at is None for reader in self.readers)


def playbooks_of(user: User) -> list[str]:
    """The playbooks of the pipelines in which the user may see something, in their order."""
    return list(dict.fromkeys(pipeline.playbook for pipeline in visibility.pipelines_of(user)))


def visible_to(user: User) -> list[Regulation]:
    """The regulations that the user works by."""
    rank = {code: place for place, code in enumerate(playbooks_of(user))}
    found = Regulation.objects.filter(playbook__in=rank)
    return sorted(found, key=lambda regulation: rank[regulation.playbook])


def has_unread(user: User) -> bool:
    """Whether there is an edition to read; costs no statement for the user of a request."""
    known = set(getattr(user, "known_unread", None) or ())
    return bool(known) and not known.isdisjoint(playbooks_of(user))


def playbook_of_clause(user: User, code: str) -> str | None:
    """The playbook of the regulation, of those the user sees, that has the clause."""
    found = Regulation.objects.filter(
        playbook__in=playbooks_of(user), clauses__code=code, clauses__is_active=True
    )
    return found.values_list("playbook", flat=True).first()


def read_page(regulation: Regulation, *, user: User, asked: str, now: datetime) -> Page:
    """The whole regulation, or the clauses in which `asked` stands."""
    pipelines = [
        item for item in visibility.pipelines_of(user) if item.playbook == regulation.playbook
    ]
    since = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    lines = {
        row.code: (row.section, ClauseLine(row.code, row.words))
        for row in regulation.clauses.filter(is_active=True).order_by("position", "pk")
    }
    _add_rules({code: line for code, (_section, line) in lines.items()}, pipelines, since)
    sections: dict[str, Section] = {}
    wanted = asked.casefold().strip()
    for title, line in lines.values():
        if not wanted or wanted in f"{line.code} {line.words}".casefold():
            sections.setdefault(title, Section(title)).clauses.append(line)
    read_at, readers = _readers(regulation, user)
    return Page(regulation, pipelines, list(sections.values()), since, read_at, readers)


def _add_rules(
    lines: dict[str, ClauseLine], pipelines: list[CompiledPipeline], since: datetime
) -> None:
    ids = {pipeline.id: pipeline for pipeline in pipelines}
    rules = (
        Rule.objects.filter(pipeline__in=ids)
        .select_related(*NAMED_IN_WORDS)
        .prefetch_related("conditions")
        .order_by("-is_active", "pipeline__position", "position", "pk")
    )
    acted, cited = Counter[str](), dict[int, str]()
    for rule in rules:
        cited[rule.pk] = rule.clause
        if rule.clause in lines:
            lines[rule.clause].rules.append(RuleLine(rule, ids[rule.pipeline_id]))
    runs = RuleRun.objects.filter(rule__in=cited, at__gte=since, status=RuleRun.Status.OK)
    for rule_id, number in runs.values_list("rule").annotate(Count("pk")).order_by():
        acted[cited[rule_id]] += number
    refused, broken = (
        dict(
            model.objects.filter(pipeline__in=ids, at__gte=since)
            .values_list("clause")
            .annotate(Count("pk"))
            .order_by()
        )
        for model in (LoggedRefusal, Violation)
    )
    for code, line in lines.items():
        line.refused, line.acted = refused.get(code, 0), acted[code]
        line.broken = broken.get(code, 0)


def _readers(regulation: Regulation, user: User) -> tuple[datetime | None, list[Reader]]:
    people = [person for person in people_below(user) if _works_by(person, regulation.playbook)]
    read = dict(
        Reading.objects.filter(
            regulation=regulation, edition=regulation.edition, user__in=[user, *people]
        ).values_list("user", "at")
    )
    readers = [Reader(person, read.get(person.pk)) for person in people]
    readers.sort(key=lambda reader: reader.read_at is not None)
    return read.get(user.pk), readers


def people_below(user: User) -> Iterable[User]:
    """Everybody whom the user is a head of: for an administrator all; robots and those who left are nobody."""
    if user.led_ids is not None and len(user.led_ids) == 1:
        return []
    found = User.objects.filter(is_active=True).exclude(pk=user.pk).prefetch_related("groups")
    if user.led_ids is not None:
        found = found.filter(pk__in=user.led_ids)
    people = list(found.order_by("last_name", "first_name", "pk"))
    playbooks = _playbooks_of_teams() if people else {}
    for person in people:
        person.role_names = frozenset(group.name for group in person.groups.all())
        # What `User.playbook` would ask for person by person.
        person.playbook = playbooks.get(person.team_id or 0, "")
    return [person for person in people if ROBOT not in person.role_names]


def _playbooks_of_teams() -> dict[int, str]:
    """By team: the playbook it works by, its own or that of the nearest team above."""
    above = {
        pk: (parent, own)
        for pk, parent, own in Team.objects.values_list("pk", "parent", "playbook")
    }
    found = {}
    for team in above:
        seen: set[int] = set()
        at: int | None = team
        while at is not None and at not in seen and not above[at][1]:
            seen.add(at)
            at = above[at][0]
        found[team] = above[at][1] if at is not None else ""
    return found


def _works_by(person: User, playbook: str) -> bool:
    return any(pipeline.playbook == playbook for pipeline in visibility.pipelines_of(person))


@verb
def confirm_reading(regulation: Regulation, *, user: User, edition: int, now: datetime) -> None:
    """Keep the person's word that he has read this edition; said twice, it is kept once.

    Errors: RegulationError where the words have changed since the page was opened.
    """
    # Locked, so that a load of other words waits, or is waited for.
    regulation = Regulation.objects.select_for_update().get(pk=regulation.pk)
    if edition != regulation.edition:
        raise RegulationError(
            _("The regulation has changed meanwhile: there is edition %(number)s to read.")
            % {"number": regulation.edition}
        )
    Reading.objects.bulk_create(
        [Reading(regulation=regulation, user=user, edition=edition, at=now)],
        ignore_conflicts=True,
    )
