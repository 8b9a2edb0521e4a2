"""The columns that a table of deals can show, and what each is sorted by: built-in ones, marks of other apps, own fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, IntegerField, TextField, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Collate, Lower
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm import columns, panels, visibility
from crm.columns import Column
from crm.models import User
from pipelines.catalog import CompiledField, CompiledPipeline
from pipelines.numbers import whole

KIND = "deals"
# Tables of all pipelines together, in an address and in a preference.
ALL = "all"
OWN = "f-"
MARK = "mark-"


@dataclass(frozen=True)
class Sort:
    """What lines are ordered by. `parse` reads its value from a mark, ValueError for what it never wrote."""

    key: Any
    parse: Callable[[str], Any]
    is_nullable: bool = True
    is_upwards: bool = False


def scope_of(pipeline: CompiledPipeline | None) -> str:
    return pipeline.code if pipeline else ALL


def known(user: User, scope: str) -> list[Column]:
    """For `crm.columns`. Errors: LookupError for a pipeline that there is not, or is not the user's to see."""
    pipelines = visibility.pipelines_of(user)
    shown = [item for item in pipelines if scope in (ALL, item.code)]
    if not shown:
        raise LookupError(scope)
    return of(user, shown)


def of(user: User, pipelines: list[CompiledPipeline]) -> list[Column]:
    """All columns of a table of these pipelines' deals."""
    owners = user.visible_owner_ids
    many_owners = owners is None or len(owners) > 1
    sorted_by: Any = {"is_sortable": True}
    return [
        Column("name", _("Name"), is_fixed=True, **sorted_by),
        Column("stage", _("Stage"), **sorted_by),
        Column("budget", _("Budget"), at_end=True, **sorted_by),
        Column("contact", _("Contact"), **sorted_by),
        Column("company", _("Company"), **sorted_by),
        Column("owner", _("Responsible"), at_first=many_owners, **sorted_by),
        Column("tags", _("Tags"), at_first=False),
        Column("stage_since", _("On the stage"), _("Days on the stage"), **sorted_by),
        Column("last_contact", _("Silence"), _("Days since the last communication"), **sorted_by),
        *(Column(mark_code(source), str(source.COLUMN)) for source in panels.sources_of(pipelines)),
        Column("task", _("Task"), _("Next task"), **sorted_by),
        Column("created_at", _("Created"), **sorted_by),
        Column("closed_at", pgettext("deal", "Closed"), at_first=False, **sorted_by),
        Column("arrival", _("Came by"), at_first=False, **sorted_by),
        Column("attempts", _("Attempts since"), at_first=False, at_end=True, **sorted_by),
        Column("id", _("Number"), at_first=False, at_end=True, **sorted_by),
        *(
            Column(
                OWN + field.code,
                str(field.label),
                is_sortable=True,
                at_first=False,
                at_end=field.type in ("number", "money"),
            )
            for field in own_fields(pipelines).values()
        ),
    ]


def own_fields(pipelines: list[CompiledPipeline]) -> dict[str, CompiledField]:
    """The regulation's fields by code; of several pipelines the first one's word holds."""
    found: dict[str, CompiledField] = {}
    for pipeline in pipelines:
        for code, field in pipeline.fields.items():
            if not field.built_in:
                found.setdefault(code, field)
    return found


def mark_code(source: Any) -> str:
    """«mark-violation_panel»: a source is a module or an object."""
    name = getattr(source, "__name__", type(source).__name__)
    return MARK + name.rpartition(".")[2]


def sort_of(code: str, pipelines: list[CompiledPipeline]) -> Sort | None:
    """None for what no table is sorted by."""
    if code.startswith(OWN):
        field = own_fields(pipelines).get(code.removeprefix(OWN))
        return _own(field) if field else None
    return _BUILT_IN.get(code)


def is_upwards(code: str) -> bool:
    """Whether a first press sorts from the smallest: names, stages, dues; everything else from the largest and latest."""
    return code in _BUILT_IN and _BUILT_IN[code].is_upwards


def _text(raw: str) -> str:
    if "\x00" in raw:
        raise ValueError(raw)
    return raw


def _number(raw: str) -> Decimal:
    try:
        amount = Decimal(raw)
    except InvalidOperation as error:
        raise ValueError(raw) from error
    if not amount.is_finite() or abs(amount) >= 10**16:
        raise ValueError(raw)
    return amount


def _whole(raw: str) -> int:
    if (found := whole(raw)) is None:
        raise ValueError(raw)
    return found


def _moment(raw: str) -> datetime:
    moment = datetime.fromisoformat(raw)
    if timezone.is_naive(moment):
        raise ValueError(raw)
    return moment


_BUILT_IN: dict[str, Sort] = {
    # These four have indexes; none of them is ever empty, and an index knows nothing of «nulls last».
    "name": Sort("name", _text, is_nullable=False, is_upwards=True),
    "budget": Sort("budget", _number, is_nullable=False),
    "created_at": Sort("created_at", _moment, is_nullable=False),
    "stage_since": Sort("stage_since", _moment, is_nullable=False),
    "id": Sort("id", _whole, is_nullable=False),
    "attempts": Sort("attempts", _whole, is_nullable=False),
    "arrival": Sort("arrival", _text, is_nullable=False, is_upwards=True),
    "stage": Sort("stage__position", _whole, is_nullable=False, is_upwards=True),
    "owner": Sort("owner__last_name", _text, is_nullable=False, is_upwards=True),
    "contact": Sort("contact__name", _text, is_upwards=True),
    "company": Sort("company__name", _text, is_upwards=True),
    "task": Sort("next_task_at", _moment, is_upwards=True),
    "last_contact": Sort("last_contact_at", _moment),
    "closed_at": Sort("closed_at", _moment),
}


def _own(field: CompiledField) -> Sort:
    """By the field's type: lists in the order of their choices, texts by the alphabet whatever the case."""
    from crm.filters.own import number_of

    record, _dot, code = field.code.rpartition(".")
    values = f"{record}__values" if record else "values"
    text = KeyTextTransform(code, values)
    match field.type:
        case "number" | "money":
            return Sort(number_of(code, values), _number)
        case "choice" | "choices":
            first = (
                text if field.type == "choice" else KeyTextTransform(0, KeyTransform(code, values))
            )
            choices = Cast(Value(list(field.choices)), ArrayField(TextField()))
            place = Func(choices, first, function="array_position", output_field=IntegerField())
            return Sort(place, _whole, is_upwards=True)
        case "date" | "datetime":
            return Sort(Collate(text, "C"), _text)
        case "control":
            return Sort(Collate(KeyTextTransform("at", KeyTransform(code, values)), "C"), _text)
        case _:
            return Sort(Lower(text), _text, is_upwards=True)


def key_of(sort: Sort) -> Any:
    return F(sort.key) if isinstance(sort.key, str) else sort.key


columns.register(KIND, known)
