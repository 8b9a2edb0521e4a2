"""What is asked of a report: whose deals, of which pipeline, in which period. Read from the address."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from crm import filters, periods, visibility
from crm.filters.people import people_of
from crm.lookups import one_of
from crm.models import Deal, Passage, Tag, Team, User
from crm.periods import Period
from crm.visibility import DealQuerySet
from pipelines import catalog
from pipelines.catalog import CompiledPipeline, CompiledStage
from pipelines.numbers import whole

# All pipelines, as the table of deals calls them.
ALL = "all"
USUAL = "last_30_days"
TEAM = "t"
FAR = 366 * 10


@dataclass(frozen=True)
class Question:
    """A question understood. `owners` None: everybody's; else these people's, all of whom the reader may see."""

    user: User
    now: datetime
    pipelines: tuple[CompiledPipeline, ...]
    pipeline_code: str
    period: Period
    owners: frozenset[int] | None
    # The word that the period was asked by, «this_month»; empty for typed days.
    period_word: str = ""
    # Empty where all that one sees is asked.
    people: frozenset[int] = frozenset()
    # The same as it was asked, for links: a team stays a team.
    whose: tuple[str, ...] = ()
    arrivals: tuple[str, ...] = ()
    tags: tuple[int, ...] = ()
    is_cohort: bool = False

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day; a question has no open period."""
        first, last = self.period.start, self.period.end
        assert first is not None
        assert last is not None
        return first, last

    @property
    def since(self) -> datetime:
        return midnight(self.days[0])

    @property
    def until(self) -> datetime:
        """The first moment after the period."""
        return midnight(self.days[1] + timedelta(days=1))

    @cached_property
    def before(self) -> Question:
        """The same of the period before."""
        return replace(self, period=periods.previous(self.period), period_word="")

    @cached_property
    def stages(self) -> dict[int, CompiledStage]:
        """Those that the reader sees, of the pipelines asked for."""
        return {
            stage.id: stage
            for item in self.pipelines
            for stage in visibility.stages_of(self.user, item)
        }

    def stages_of(self, kind: str) -> list[int]:
        return [pk for pk, stage in self.stages.items() if stage.kind == kind]

    def deals(self) -> DealQuerySet:
        """The deals asked about, of whatever time."""
        found = Deal.objects.visible_to(self.user).filter(stage__in=list(self.stages))
        if self.owners is not None and self.people:
            found = found.filter(owner__in=self.people)
        if self.arrivals:
            found = found.filter(arrival__in=self.arrivals)
        if self.tags:
            found = found.filter(one_of("id", _tagged(self.tags)))
        return found

    def closed(self, kind: str) -> DealQuerySet:
        """Those that were won or lost in the period and are so still."""
        return self.deals().filter(status=kind, closed_at__gte=self.since, closed_at__lt=self.until)

    def created(self) -> DealQuerySet:
        return self.deals().filter(created_at__gte=self.since, created_at__lt=self.until)

    def passages(self, *, ever: bool = False) -> QuerySet[Passage]:
        """The passages of the period (or of all time) of the deals asked about."""
        found = Passage.objects.filter(to_stage__in=list(self.stages))
        if not ever:
            found = found.filter(at__gte=self.since, at__lt=self.until)
        if self.owners is not None:
            found = found.filter(owner__in=self.owners)
        if self.arrivals:
            found = found.filter(arrival__in=self.arrivals)
        if self.tags:
            found = found.filter(deal__in=_tagged(self.tags))
        hidden = catalog.stages_hidden_from(self.user.role_names)
        if hidden and self.user.visible_owner_ids is not None:
            found = found.exclude(deal__in=Deal.objects.filter(stage__in=hidden).values("id"))
        return found

    def deals_url(self, **conditions: Any) -> str:
        """The table of the deals that answer to the conditions and to this question, but for the period."""
        asked: dict[str, Any] = {
            "pipeline": self.pipeline_code,
            "owner": sorted(self.people),
            "arrival": self.arrivals,
            "tag": self.tags,
        }
        return filters.address("crm:table", **asked | conditions)

    def parameters(self, **other: Any) -> list[tuple[str, str]]:
        """The question as an address's; `other` takes the place of a part."""
        asked: dict[str, Any] = {
            "pipeline": self.pipeline_code,
            "period": self.period_word or self.period.code,
            "who": list(self.whose),
            "arrival": list(self.arrivals),
            "tag": [str(pk) for pk in self.tags],
        }
        return [
            (name, str(value))
            for name, given in (asked | other).items()
            for value in (given if isinstance(given, list) else [given])
            if value not in (None, "")
        ]


@dataclass
class Filter:
    """What was typed, what may be chosen, and the question; nonsense makes `errors` and no question."""

    user: User
    now: datetime
    data: MultiValueDict[str, Any]
    errors: dict[str, str] = field(default_factory=dict)

    @cached_property
    def pipelines(self) -> list[CompiledPipeline]:
        return visibility.pipelines_of(self.user)

    @cached_property
    def people(self) -> list[User]:
        return list(people_of(self.user))

    @cached_property
    def teams(self) -> list[Team]:
        """Those with people whom the reader sees."""
        shown = {person.pk for person in self.people}
        found = Team.objects.prefetch_related("members")
        return [team for team in found if shown & {person.pk for person in team.members.all()}]

    @cached_property
    def tags(self) -> list[Tag]:
        return list(Tag.objects.only("name"))

    @cached_property
    def period_word(self) -> str:
        """The word chosen; empty where the days were typed."""
        dates = self.typed("since") or self.typed("until")
        word = self.typed("period") or ("" if dates else USUAL)
        return word if word in periods.LABELS else ""

    @cached_property
    def question(self) -> Question | None:
        period = self._period()
        code, pipelines = self._pipelines()
        people = self._people()
        visible = self.user.visible_owner_ids
        tags = self._numbers("tag")
        arrivals = self.typed_all("arrival")
        if set(arrivals) - set(Deal.Arrival.values):
            self.errors["arrival"] = _("There is no such source.")
        if tags and set(tags) - {tag.pk for tag in self.tags}:
            self.errors["tag"] = _("There is no such tag.")
        if self.errors or period is None:
            return None
        return Question(
            user=self.user,
            now=self.now,
            pipelines=tuple(pipelines),
            pipeline_code=code,
            period=period,
            period_word=self.period_word,
            owners=people or visible,
            people=people,
            whose=tuple(self.typed_all("who")),
            arrivals=tuple(arrivals),
            tags=tuple(tags),
            is_cohort=self.typed("cohort") == "1",
        )

    def _period(self) -> Period | None:
        since, until = self.typed("since"), self.typed("until")
        text = self.typed("period")
        if not text and (since or until):
            text = f"{since}{periods.BETWEEN}{until}"
        today = timezone.localdate(self.now)
        try:
            found = periods.parse(text or USUAL, today=today)
            first = found.start
            if first is None:
                raise ValueError(_("Say from which day."))
            last = found.end or max(today, first)
            if (last - first).days > FAR or first < date(1990, 1, 1):
                raise ValueError(_("The period is too long."))
        except (ValueError, OverflowError) as error:
            self.errors["period"] = str(error)
            return None
        return Period(first, last, found.label)

    def _pipelines(self) -> tuple[str, list[CompiledPipeline]]:
        """The one named, all of them for `all`; the first where none is."""
        code = self.typed("pipeline")
        if code == ALL:
            return ALL, self.pipelines
        for pipeline in self.pipelines:
            if code in ("", pipeline.code):
                return pipeline.code, [pipeline]
        self.errors["pipeline"] = _("There is no such pipeline, or it is not yours to see.")
        return code, []

    def _people(self) -> frozenset[int]:
        """The people asked for, a team's for `t<number>`; nobody whom the reader does not see."""
        asked = self.typed_all("who")
        if not asked:
            return frozenset()
        visible = self.user.visible_owner_ids
        people = {person.pk for person in self.people}
        found: set[int] = set()
        for text in asked:
            pk = whole(text.removeprefix(TEAM))
            members = (
                {m.pk for team in self.teams if team.pk == pk for m in team.members.all()} & people
                if text.startswith(TEAM)
                else {pk} & (people | (visible or set()))
            )
            if not members:
                self.errors["who"] = _("There is no such employee, or he is not yours to see.")
            found |= {member for member in members if member is not None}
        return frozenset(found)

    def _numbers(self, name: str) -> list[int]:
        found = [whole(text) for text in self.typed_all(name)]
        return [pk if pk is not None else -1 for pk in found]

    def typed(self, name: str) -> str:
        """The last value of a parameter, as forms have it."""
        return next(reversed(self.typed_all(name)), "")

    def typed_all(self, name: str) -> list[str]:
        texts = [str(text).replace("\x00", "").strip()[:100] for text in self.data.getlist(name)]
        return [text for text in texts if text]


def midnight(day: date) -> datetime:
    """The day's first moment in the reader's zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def _tagged(tags: tuple[int, ...]) -> QuerySet[Any]:
    return Deal.tags.through._default_manager.filter(tag__in=tags).values("deal")
