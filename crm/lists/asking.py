"""What a list is narrowed by, read from the address: every field by its type. Nonsense is a sentence, never an exception."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import DecimalField, Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Lower, Substr
from django.db.models.lookups import Contains, GreaterThanOrEqual, LessThan, LessThanOrEqual
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import periods
from crm.clients import fields as client_fields
from crm.filters import people_of, phone_has
from crm.lists.shapes import Shape
from crm.lookups import name_has, one_of
from crm.models import Company, ContactPoint, Deal, User
from pipelines.compiled import CompiledField
from pipelines.fields import UNSTORABLE, parse_number

TEXT_LIMIT = 100
# People and choices ticked at once: more is no question but an attack on the planner.
MOST = 200


@dataclass(frozen=True)
class Input:
    """One question of the filter's form: how it is drawn, and what stands in it."""

    name: str
    label: str
    # text, period, range, choice (several), flag (yes or no)
    form: str
    options: tuple[tuple[str, str], ...] = ()
    values: tuple[str, ...] = ()
    error: str = ""

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""

    @property
    def is_asked(self) -> bool:
        return any(self.values)


@dataclass(frozen=True)
class About:
    """Who asks which list, when; `data` is the address's QueryDict."""

    shape: Shape
    data: Any
    user: User
    now: datetime
    # Whose records the user may see.
    people: Sequence[User]


@dataclass
class Asked:
    """The whole question: its inputs, and the conditions that they come to."""

    text: str
    inputs: list[Input] = field(default_factory=list)
    conditions: list[Q] = field(default_factory=list)

    @property
    def is_asked(self) -> bool:
        return bool(self.text) or any(item.is_asked for item in self.inputs)

    @property
    def number(self) -> int:
        """How many fields are asked for, beside the text."""
        return sum(item.is_asked for item in self.inputs)

    @property
    def errors(self) -> list[str]:
        return [item.error for item in self.inputs if item.error]

    def apply(self, records: QuerySet[Any]) -> QuerySet[Any]:
        """Those that answer to everything; none where the question makes no sense."""
        if self.errors:
            return records.none()
        for condition in self.conditions:
            records = records.filter(condition)
        return records


def read(
    shape: Shape, data: Any, user: User, *, now: datetime, people: Sequence[User] | None = None
) -> Asked:
    """The question that an address asks; `data` is its QueryDict. One statement, for the people to choose from,
    where they are not given."""
    text = " ".join(UNSTORABLE.sub("", data.get("q", "")).split())[:TEXT_LIMIT]
    asked = Asked(text)
    if text:
        asked.conditions.append(mentions(shape, text))
    about = About(shape, data, user, now, list(people_of(user)) if people is None else people)
    for item in shape.fields.values():
        if item.code == "name":
            continue
        made, condition = _READERS.get(item.type, _text)(item, about)
        asked.inputs.append(made)
        if condition is not None:
            asked.conditions.append(condition)
    return asked


def mentions(shape: Shape, text: str) -> Q:
    """Records with the text in their name, with such a phone, e-mail or tax number; contacts also by their company."""
    found = Q(name_has(text))
    if shape.own is not None:
        return found
    if points := phone_has(text) or _email(text):
        found |= _having(points, shape.code)
    if shape.code == "company" and text.isdecimal():
        found |= Q(tax_id=text)
    if shape.code == "contact":
        firms = Company.objects.filter(name_has(text)).order_by()
        found |= Q(one_of("company_id", firms.values("id")))
    return found


def _email(text: str) -> Q | None:
    return Q(kind=ContactPoint.Kind.EMAIL, value__contains=text.lower()) if "@" in text else None


def _having(points: Q, kind: str) -> Q:
    rows = ContactPoint.objects.filter(points, **{f"{kind}__isnull": False}).order_by()
    return Q(one_of("id", rows.values(f"{kind}_id")))


# ── One reader a type: what stands in the input, and the condition, if anything is asked ───────

Read = tuple[Input, Q | None]


def _name(item: CompiledField) -> str:
    """The fields of regulations and of own lists are told from the list's own by their prefix."""
    return item.code if item.built_in else f"f-{item.code}"


def _key(item: CompiledField) -> Any:
    return KeyTextTransform(client_fields.own_code(item), "values")


def _typed(data: Any, name: str) -> str:
    return str(" ".join(UNSTORABLE.sub("", data.get(name, "")).split())[:TEXT_LIMIT])


def _text(item: CompiledField, about: About) -> Read:
    typed = _typed(about.data, _name(item))
    made = Input(_name(item), str(item.label), "text", values=(typed,) if typed else ())
    if not typed:
        return made, None
    if item.built_in:
        return made, Q(Contains(Lower(item.code), typed.lower()))
    return made, Q(Contains(Lower(Cast(_key(item), TextField())), typed.lower()))


def _company(item: CompiledField, about: About) -> Read:
    typed = _typed(about.data, item.code)
    made = Input(item.code, str(item.label), "text", values=(typed,) if typed else ())
    if not typed:
        return made, None
    return made, Q(
        one_of("company_id", Company.objects.filter(name_has(typed)).order_by().values("id"))
    )


def _point(kind: str) -> Callable[..., Read]:
    def read_point(item: CompiledField, about: About) -> Read:
        typed = _typed(about.data, kind)
        made = Input(kind, str(item.label), "text", values=(typed,) if typed else ())
        if not typed:
            return made, None
        having = phone_has(typed) if kind == "phone" else None
        having = having or Q(kind=kind, value__contains=typed.lower())
        return made, _having(having, about.shape.code)

    return read_point


def _person(item: CompiledField, about: About) -> Read:
    people = {str(person.pk): str(person) for person in about.people}
    chosen = tuple(raw for raw in about.data.getlist(item.code)[:MOST] if raw)
    made = Input(item.code, str(item.label), "choice", tuple(people.items()), chosen)
    known = [int(raw) for raw in chosen if raw in people]
    if not chosen:
        return made, None
    return made, Q(owner__in=known)


def _moment(item: CompiledField, about: About) -> Read:
    return _period(item, about, _moments)


def _date(item: CompiledField, about: About) -> Read:
    return _period(item, about, _days if item.type == "date" else _stored_moments)


def _period(item: CompiledField, about: About, bounds: Callable[..., Q]) -> Read:
    # Links to a list say «created», as those to deals do.
    name = "created" if item.code == "created_at" else _name(item)
    typed = _typed(about.data, name)
    options = tuple((code, str(label)) for code, label in periods.CHOICES)
    values = (typed,) if typed else ()
    if not typed:
        return Input(name, str(item.label), "period", options), None
    try:
        period = periods.parse(typed, today=timezone.localdate(about.now))
    except ValueError as error:
        said = f"{item.label}: {error}"
        return Input(name, str(item.label), "period", options, values, said), None
    return Input(name, str(item.label), "period", options, values), bounds(item, period)


def _moments(item: CompiledField, period: periods.Period) -> Q:
    found = Q()
    if period.start:
        found &= Q(**{f"{item.code}__gte": _midnight(period.start)})
    if period.end:
        found &= Q(**{f"{item.code}__lt": _midnight(period.end + timedelta(days=1))})
    return found


def _days(item: CompiledField, period: periods.Period) -> Q:
    """Days are stored as 2026-03-01: their order is that of the text."""
    found = Q()
    if period.start:
        found &= Q(GreaterThanOrEqual(_key(item), period.start.isoformat()))
    if period.end:
        found &= Q(LessThanOrEqual(_key(item), period.end.isoformat()))
    return found


def _stored_moments(item: CompiledField, period: periods.Period) -> Q:
    """Moments are stored in UTC, always written alike to the second."""
    at, found = Substr(_key(item), 1, 19), Q()
    if period.start:
        found &= Q(GreaterThanOrEqual(at, _in_utc(_midnight(period.start))))
    if period.end:
        found &= Q(LessThan(at, _in_utc(_midnight(period.end + timedelta(days=1)))))
    return found


def _in_utc(moment: datetime) -> str:
    return moment.astimezone(timezone.get_fixed_timezone(0)).strftime("%Y-%m-%dT%H:%M:%S")


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _number(item: CompiledField, about: About) -> Read:
    name = _name(item)
    sides = [_typed(about.data, f"{name}_from"), _typed(about.data, f"{name}_to")]
    made = Input(name, str(item.label), "range", values=tuple(sides) if any(sides) else ())
    found = Q()
    amount = Cast(_key(item), DecimalField(max_digits=30, decimal_places=6))
    for typed, lookup in zip(sides, (GreaterThanOrEqual, LessThanOrEqual), strict=True):
        if not typed:
            continue
        try:
            found &= Q(lookup(amount, parse_number(typed)))
        except ValueError as error:
            said = f"{item.label}: {error}"
            return Input(name, str(item.label), "range", values=tuple(sides), error=said), None
    return made, found if any(sides) else None


def _choice(item: CompiledField, about: About) -> Read:
    name = _name(item)
    chosen = tuple(raw for raw in about.data.getlist(name)[:MOST] if raw)
    made = Input(name, str(item.label), "choice", tuple(item.choices.items()), chosen)
    if not chosen:
        return made, None
    code, found = client_fields.own_code(item), Q(pk__in=[])
    for value in chosen:
        if value in item.choices:
            holds = [value] if item.type == "choices" else value
            found |= Q(values__contains={code: holds})
    return made, found


def _flag(item: CompiledField, about: About) -> Read:
    name = _name(item)
    typed = about.data.get(name, "") if about.data.get(name, "") in ("yes", "no") else ""
    options = (("yes", _("yes")), ("no", _("no")))
    made = Input(name, str(item.label), "flag", options, (typed,) if typed else ())
    if not typed:
        return made, None
    holds = (
        Q(**{item.code: True})
        if item.built_in
        else Q(values__contains={client_fields.own_code(item): True})
    )
    return made, holds if typed == "yes" else ~holds


def _open_deals(item: CompiledField, about: About) -> Read:
    typed = (
        about.data.get("deals", "") if about.data.get("deals", "") in ("with", "without") else ""
    )
    options = (("with", _("with open deals")), ("without", _("without open deals")))
    made = Input("deals", str(item.label), "flag", options, (typed,) if typed else ())
    if not typed:
        return made, None
    deals = Deal.objects.visible_to(about.user).open()
    of_one = deals.filter(**{about.shape.code: OuterRef("pk")})
    return made, Q(Exists(of_one)) if typed == "with" else ~Q(Exists(of_one))


_READERS: dict[str, Callable[..., Read]] = {
    "phone": _point("phone"),
    "email": _point("email"),
    "company": _company,
    "person": _person,
    "moment": _moment,
    "date": _date,
    "datetime": _date,
    "number": _number,
    "money": _number,
    "choice": _choice,
    "choices": _choice,
    "yes_no": _flag,
    "open_deals": _open_deals,
}
