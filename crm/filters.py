"""The filters that the board and the table share, read from the address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.clients.points import normalize_phone
from crm.lookups import name_has, one_of
from crm.models import Company, Contact, ContactPoint, Tag, User
from crm.visibility import DealQuerySet
from pipelines import catalog
from pipelines.catalog import CompiledField, CompiledStage
from pipelines.fields import parse_money

# A part of a phone shorter than this is in too many numbers to mean one.
PHONE_PART = 4


class _RowsOnce(forms.models.ModelChoiceIterator):
    """Django's reads its rows anew each time, and by a cursor of its own, which takes four round trips."""

    def __iter__(self) -> Iterator[Any]:
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        yield from map(self.choice, self.field.queryset or ())


class RowField(forms.ModelChoiceField):
    """A choice among few rows, read once: to check what was asked and to list what may be."""

    iterator = _RowsOnce

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        for row in self.queryset or ():
            if str(row.pk) == str(value):
                return row
        raise forms.ValidationError(self.error_messages["invalid_choice"], "invalid_choice")


class DealFilter(forms.Form):
    """What was asked in the address; `apply` narrows deals by it. Nonsense makes `errors`, never an exception."""

    q = forms.CharField(label=_("Name, contact, company or phone"), required=False, max_length=100)
    stage = forms.ChoiceField(label=_("Stage"), required=False)
    owner = RowField(
        label=_("Responsible"), required=False, empty_label="—", queryset=User.objects.none()
    )
    tag = RowField(label=_("Tag"), required=False, empty_label="—", queryset=Tag.objects.all())
    task = forms.ChoiceField(
        label=_("Next task"),
        required=False,
        choices=[("", "—"), ("none", _("none")), ("overdue", _("overdue")), ("today", _("today"))],
    )
    created_from = forms.DateField(
        label=_("Created from"), required=False, widget=forms.DateInput({"type": "date"})
    )
    created_to = forms.DateField(
        label=_("Created to"), required=False, widget=forms.DateInput({"type": "date"})
    )
    budget_from = forms.CharField(label=_("Budget from"), required=False, max_length=30)
    budget_to = forms.CharField(label=_("Budget to"), required=False, max_length=30)
    contact = forms.IntegerField(
        required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput
    )
    company = forms.IntegerField(
        required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput
    )

    def __init__(self, data: Any, *, user: User, stages: list[CompiledStage]) -> None:
        super().__init__(data, auto_id="filter-%s")
        stage, owner = self.fields["stage"], self.fields["owner"]
        assert isinstance(stage, forms.ChoiceField)
        assert isinstance(owner, forms.ModelChoiceField)
        stage.choices = [("", "—"), *((stage.code, stage.name) for stage in stages)]
        owner.queryset = people_of(user)
        self.stages = {stage.code: stage for stage in stages}
        self.own = _own_fields({stage.pipeline_id for stage in stages})
        for name, field in self.own.items():
            self.fields[name] = forms.ChoiceField(
                label=str(field.label), required=False, choices=[("", "—"), *field.choices.items()]
            )

    def clean_budget_from(self) -> Decimal | None:
        return _money(self.cleaned_data["budget_from"])

    def clean_budget_to(self) -> Decimal | None:
        return _money(self.cleaned_data["budget_to"])

    @property
    def is_active(self) -> bool:
        """Whether anything is asked; a filter that can't be understood asks too."""
        return bool(self.errors) or any(
            value not in (None, "") for value in self.cleaned_data.values()
        )

    @property
    def has_text(self) -> bool:
        return bool(self.cleaned_data.get("q"))

    def apply(self, deals: DealQuerySet, *, now: datetime) -> DealQuerySet:
        """Those of the deals that answer to everything asked; none where the question makes no sense."""
        if self.errors:
            return deals.none()
        asked = self.cleaned_data
        if stage := self.stages.get(asked["stage"]):
            deals = deals.filter(stage=stage.id)
        for name in ("owner", "contact", "company"):
            if asked[name]:
                deals = deals.filter(**{name: asked[name]})
        if asked["tag"]:
            deals = deals.filter(
                one_of(
                    "id", asked["tag"].deals.through.objects.filter(tag=asked["tag"]).values("deal")
                )
            )
        if asked["created_from"]:
            deals = deals.filter(created_at__gte=_midnight(asked["created_from"]))
        if asked["created_to"]:
            deals = deals.filter(created_at__lt=_midnight(asked["created_to"] + timedelta(days=1)))
        if asked["budget_from"] is not None:
            deals = deals.filter(budget__gte=asked["budget_from"])
        if asked["budget_to"] is not None:
            deals = deals.filter(budget__lte=asked["budget_to"])
        for name, field in self.own.items():
            if value := asked[name]:
                holds = {field.code: [value] if field.type == "choices" else value}
                deals = deals.filter(values__contains=holds)
        if asked["q"]:
            deals = deals.filter(mentions(asked["q"]))
        match asked["task"]:
            case "none":
                deals = deals.without_task()
            case "overdue":
                deals = deals.open().overdue(now)
            case "today":
                tomorrow = _midnight(timezone.localdate(now) + timedelta(days=1))
                deals = deals.open().filter(next_task_at__gte=now, next_task_at__lt=tomorrow)
        return deals


def _own_fields(pipelines: set[int]) -> dict[str, CompiledField]:
    """The lists of choices that the regulations want to be filtered by, under the names of their inputs."""
    return {
        f"f-{field.code}": field
        for pipeline in catalog.pipelines()
        if pipeline.id in pipelines
        for field in pipeline.fields.values()
        if field.in_filter and field.record == "deal" and field.choices
    }


def people_of(user: User) -> Any:
    """Whose deals the user may see, as people to choose from."""
    people = User.objects.filter(is_active=True).only("first_name", "last_name", "email")
    owners = user.visible_owner_ids
    return people if owners is None else people.filter(pk__in=owners)


def mentions(text: str) -> Q:
    """Deals with the text in their name, or in their contact's or company's name, or with such a phone."""
    contacts, companies = (
        Contact.objects.filter(name_has(text)),
        Company.objects.filter(name_has(text)),
    )
    found = (
        name_has(text)
        | Q(one_of("contact_id", contacts.values("id")))
        | Q(one_of("company_id", companies.values("id")))
    )
    if points := phone_has(text):
        found |= Q(
            one_of(
                "contact_id",
                ContactPoint.objects.filter(points, contact__isnull=False)
                .order_by()
                .values("contact_id"),
            )
        )
        found |= Q(
            one_of(
                "company_id",
                ContactPoint.objects.filter(points, company__isnull=False)
                .order_by()
                .values("company_id"),
            )
        )
    return found


def phone_has(text: str) -> Q | None:
    """A phone in any notation, or a part of one; None for what is no phone."""
    digits = "".join(filter(str.isdigit, text))
    if len(digits) < PHONE_PART or text.strip(" +-()0123456789.\u00a0"):
        return None
    part = Q(kind=ContactPoint.Kind.PHONE, value__contains=digits)
    if len(digits) < 10:
        return part
    try:
        return Q(kind=ContactPoint.Kind.PHONE, value=normalize_phone(text))
    except ValueError:
        return part


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _money(raw: str) -> Decimal | None:
    if not raw.strip():
        return None
    try:
        return parse_money(raw)
    except ValueError as error:
        raise forms.ValidationError(str(error)) from error
