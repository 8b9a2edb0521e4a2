"""The registers of violations and overrides: what was asked in the address, and their rows in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from crm.filters import RowField
from crm.models import Deal, User
from pipelines import catalog
from pipelines.models import Clause
from pipelines.saying import say_period
from pipelines.streams import rows_of

PERIODS = [
    ("month", gettext_lazy("this month")),
    ("last_month", gettext_lazy("last month")),
    ("year", gettext_lazy("this year")),
    ("all", gettext_lazy("all time")),
]

BATCH = 500


class RegisterFilter(forms.Form):
    """What was asked of a register of `person`, `clause`, `pipeline` and `at`; nonsense makes `errors`."""

    period = forms.ChoiceField(label=gettext_lazy("Period"), required=False, choices=PERIODS)
    since = forms.DateField(
        label=pgettext_lazy("period", "From"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
    )
    until = forms.DateField(
        label=pgettext_lazy("period", "To"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
    )
    person = RowField(
        label=gettext_lazy("Who"), required=False, empty_label="—", queryset=User.objects.none()
    )
    clause = forms.ChoiceField(label=gettext_lazy("Clause"), required=False)
    pipeline = forms.ChoiceField(label=gettext_lazy("Pipeline"), required=False)
    state = forms.ChoiceField(label=pgettext_lazy("register", "State"), required=False)
    deal = forms.IntegerField(
        required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput
    )
    # Several persons, «1,2,3»: what a report links to.
    people = forms.RegexField(
        r"\A\d{1,18}(,\d{1,18}){0,299}\Z", required=False, widget=forms.HiddenInput
    )

    def __init__(
        self,
        data: Any,
        *,
        rows: QuerySet[Any],
        person: str,
        states: Mapping[str, tuple[Any, Q]],
        now: datetime,
    ) -> None:
        """`rows` are those that the reader may see, `person` their column, `states` the label and the rows of each."""
        super().__init__(data, auto_id="filter-%s")
        self.column, self.states, self.today = person, states, timezone.localdate(now)
        fields: Any = self.fields
        places = set(rows.order_by().values_list("pipeline", "clause").distinct())
        known = {pipeline.id: pipeline for pipeline in catalog.pipelines()}
        fields["clause"].choices = [
            ("", "—"),
            *((clause, clause) for clause in sorted({clause for _pipeline, clause in places})),
        ]
        fields["pipeline"].choices = [
            ("", "—"),
            *(
                (str(pk), known[pk].name)
                for pk in sorted({pk for pk, _clause in places})
                if pk in known
            ),
        ]
        fields["person"].queryset = User.objects.filter(pk__in=rows.order_by().values(person)).only(
            "first_name", "last_name", "email"
        )
        fields["state"].choices = [
            ("", "—"),
            *((code, label) for code, (label, _rows) in states.items()),
        ]
        for field in fields.values():
            kind = "select" if isinstance(field.widget, forms.Select) else "control"
            field.widget.attrs["class"] = f"form-{kind} form-{kind}-sm"

    def apply(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those that answer to everything asked; none where the question makes no sense."""
        if self.errors:
            return rows.none()
        asked = self.cleaned_data
        since, until = self.days
        if since:
            rows = rows.filter(at__gte=_midnight(since))
        if until:
            rows = rows.filter(at__lt=_midnight(until + timedelta(days=1)))
        if asked["person"]:
            rows = rows.filter(**{self.column: asked["person"]})
        if asked["people"]:
            rows = rows.filter(**{f"{self.column}__in": asked["people"].split(",")})
        for name in ("clause", "pipeline", "deal"):
            if asked[name]:
                rows = rows.filter(**{name: asked[name]})
        if asked["state"]:
            rows = rows.filter(self.states[asked["state"]][1])
        return rows

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The first and the last day asked for: those typed, else the period's, else this month's."""
        asked = self.cleaned_data
        if asked["since"] or asked["until"]:
            return asked["since"], asked["until"]
        first = self.today.replace(day=1)
        # Of one deal everything is shown.
        match asked["period"] or ("all" if asked["deal"] else "month"):
            case "month":
                return first, None
            case "last_month":
                last = first - timedelta(days=1)
                return last.replace(day=1), last
            case "year":
                return first.replace(month=1), None
        return None, None


def clause_words(rows: Iterable[Any]) -> dict[tuple[int, str], str]:
    """The words of the rows' clauses by pipeline and number; a row has `pipeline` loaded."""
    asked = {(row.pipeline_id, row.clause): row.pipeline.playbook for row in rows}
    found = Clause.objects.filter(
        code__in={code for _pipeline, code in asked},
        regulation__playbook__in=set(asked.values()),
    ).values_list("regulation__playbook", "code", "words")
    words = {(playbook, code): text for playbook, code, text in found}
    return {key: words.get((playbook, key[1]), "") for key, playbook in asked.items()}


def names_of_deals(rows: Iterable[Any], user: User) -> dict[int, str]:
    """The names of those of the rows' deals that the user may see; a deal that has gone to others stays theirs."""
    numbers = {row.deal_id for row in rows}
    return dict(Deal.objects.visible_to(user).filter(pk__in=numbers).values_list("pk", "name"))


def batches(found: QuerySet[Any]) -> Iterator[list[Any]]:
    """All rows, so many at a time: what is read for a batch is read once for it."""
    with closing(rows_of(found, at_once=BATCH)) as rows:
        while batch := list(islice(rows, BATCH)):
            yield batch


def say_length(length: timedelta) -> str:
    """«2 days 3 hours», «1 hour 5 minutes», «40 seconds»: two units at most."""
    seconds = max(0, int(length.total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    said = [
        text % {"number": number}
        for number, text in (
            (days, ngettext("%(number)s day", "%(number)s days", days)),
            (hours, ngettext("%(number)s hour", "%(number)s hours", hours)),
            (minutes, ngettext("%(number)s minute", "%(number)s minutes", minutes)),
        )
        if number
    ]
    if not said:
        return ngettext("%(number)s second", "%(number)s seconds", seconds) % {"number": seconds}
    return " ".join(said[:2])


def say_over(over: timedelta | None, allowed: str) -> str:
    """By how much: what was beyond, and what had been allowed; empty where neither is known."""
    period = say_period(allowed) if allowed else ""
    if over is None:
        return _("more than %(period)s") % {"period": period} if period else ""
    if not period:
        return _("by %(length)s") % {"length": say_length(over)}
    return _("by %(length)s over %(period)s") % {"length": say_length(over), "period": period}


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
