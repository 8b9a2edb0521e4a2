"""Guards that need nothing but the deal's values, the author and the stage."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pipelines import fields as field_values
from pipelines import timers
from pipelines.context import Context
from pipelines.params import (
    FieldField,
    FieldsField,
    ParamsForm,
    RolesField,
    StagesField,
    WordsField,
)
from pipelines.registry import No, guard


class FieldsParams(ParamsForm):
    codes = FieldsField(label=gettext_lazy("fields"))


@guard("fields", label=gettext_lazy("Filled in"), form=FieldsParams, of_fields=True)
def fields(context: Context, params: Any) -> No | None:
    """Every one of the fields has a value."""
    missing = [code for code in params.codes if field_values.is_empty(context.value(code))]
    if not missing:
        return None
    labels = ", ".join(
        f"«{context.pipeline.fields[code].label}»"
        for code in missing
        if code in context.pipeline.fields
    )
    message = ngettext(
        "Fill in the field %(labels)s.", "Fill in the fields %(labels)s.", len(missing)
    )
    return No(message % {"labels": labels}, tuple(missing))


class AboveParams(ParamsForm):
    field = FieldField(label=gettext_lazy("field"))
    than = forms.DecimalField(label=gettext_lazy("more than"), initial=0, required=False)


@guard("above", label=gettext_lazy("Number above"), form=AboveParams, of_fields=True)
def above(context: Context, params: Any) -> No | None:
    """A number or sum is greater than a bound."""
    bound = params.than or Decimal(0)
    if Decimal(str(context.value(params.field) or 0)) > bound:
        return None
    label = context.pipeline.fields[params.field].label
    return No(
        _("«%(label)s» must be more than %(bound)s.") % {"label": label, "bound": bound},
        (params.field,),
    )


class AtMostParams(ParamsForm):
    field = FieldField(label=gettext_lazy("field"))
    bound = forms.DecimalField(label=gettext_lazy("at most"))


@guard("at_most", label=gettext_lazy("Number at most"), form=AtMostParams, of_fields=True)
def at_most(context: Context, params: Any) -> No | None:
    """A number or sum is not greater than a bound; an empty one is not."""
    if Decimal(str(context.value(params.field) or 0)) <= params.bound:
        return None
    label = context.pipeline.fields[params.field].label
    return No(
        _("«%(label)s» must be at most %(bound)s.") % {"label": label, "bound": params.bound},
        (params.field,),
    )


class ChoiceParams(ParamsForm):
    field = FieldField(label=gettext_lazy("field"))
    among = WordsField(label=gettext_lazy("is one of"))


@guard("choice", label=gettext_lazy("Value"), form=ChoiceParams)
def choice(context: Context, params: Any) -> No | None:
    """A field's value (or one of its values) is among those given."""
    value = context.value(params.field)
    values = value if isinstance(value, list) else [value]
    if any(str(item) in params.among for item in values):
        return None
    field = context.pipeline.fields[params.field]
    allowed = ", ".join(f"«{field.choices.get(code, code)}»" for code in params.among)
    return No(
        _("«%(label)s» must be %(allowed)s.") % {"label": field.label, "allowed": allowed},
        (params.field,),
    )


class ControlsParams(ParamsForm):
    codes = FieldsField(label=gettext_lazy("controls"))


@guard("controls", label=gettext_lazy("Ticked"), form=ControlsParams, of_fields=True)
def controls(context: Context, params: Any) -> No | None:
    """Every one of the controls is ticked."""
    missing = [code for code in params.codes if not context.value(code)]
    if not missing:
        return None
    labels = ", ".join(f"«{context.pipeline.fields[code].label}»" for code in missing)
    return No(_("Not confirmed yet: %(labels)s.") % {"labels": labels}, tuple(missing))


class AnyFieldParams(ParamsForm):
    codes = FieldsField(label=gettext_lazy("fields"))


@guard(
    "any_field", label=gettext_lazy("One of them filled in"), form=AnyFieldParams, of_fields=True
)
def any_field(context: Context, params: Any) -> No | None:
    """At least one of the fields has a value."""
    if any(not field_values.is_empty(context.value(code)) for code in params.codes):
        return None
    labels = ", ".join(
        f"«{context.pipeline.fields[code].label}»"
        for code in params.codes
        if code in context.pipeline.fields
    )
    return No(
        _("Fill in at least one of the fields %(labels)s.") % {"labels": labels},
        tuple(params.codes),
    )


class FutureParams(ParamsForm):
    field = FieldField(label=gettext_lazy("date"))


@guard("in_future", label=gettext_lazy("The date lies ahead"), form=FutureParams, of_fields=True)
def in_future(context: Context, params: Any) -> No | None:
    """The date is known and has not come yet; a date without a time lies ahead until its day begins."""
    context.value(params.field)
    moment = timers.read_date(context.deal, context.pipeline, params.field)
    if moment is not None and moment > context.now:
        return None
    label = context.pipeline.fields[params.field].label
    return No(_("«%(label)s» must lie ahead.") % {"label": label}, (params.field,))


class ChangedParams(ParamsForm):
    codes = FieldsField(label=gettext_lazy("fields"))


@guard("changed", label=gettext_lazy("These fields were changed"), form=ChangedParams)
def changed(context: Context, params: Any) -> No | None:
    """What happened is a change of one of the fields."""
    found = (context.event.data.get("fields") or {}) if context.event is not None else {}
    return None if set(found).intersection(params.codes) else No(_("other fields were changed"))


class RoleParams(ParamsForm):
    roles = RolesField(label=gettext_lazy("roles"))


@guard("role", label=gettext_lazy("Done by a role"), form=RoleParams)
def role(context: Context, params: Any) -> No | None:
    """The author belongs to one of the roles (an administrator may always; the system is nobody)."""
    if context.by.user is not None and (
        context.by.user.is_superuser or context.by.roles.intersection(params.roles)
    ):
        return None
    return No(
        _("Only for: %(roles)s.") % {"roles": ", ".join(role_label(name) for name in params.roles)}
    )


def role_label(name: str) -> str:
    """A role's name for people; the apps that know roles translate them."""
    return _(ROLE_LABELS.get(name, name))


ROLE_LABELS: dict[str, str] = {}


class ByParams(ParamsForm):
    who = forms.ChoiceField(
        label=gettext_lazy("author"),
        choices=[
            ("person", gettext_lazy("a person")),
            ("system", gettext_lazy("the system or a rule")),
        ],
    )


@guard("by", label=gettext_lazy("Decided by"), form=ByParams)
def by(context: Context, params: Any) -> No | None:
    """A person decides it, himself or by an outcome that he chose; or the system does.

    The person counts also where a rule acts on his choice: otherwise an outcome that closes a deal would go around
    what the regulation asks of whoever closes it by hand.
    """
    if (context.by.user is not None) == (params.who == "person"):
        return None
    return No(
        _("only when a person does it")
        if params.who == "person"
        else _("only when the system does it")
    )


@guard("robot_only", label=gettext_lazy("Only a robot"))
def robot_only(context: Context, params: Any) -> No | None:
    """Nobody does this by hand."""
    if "robot" in context.by.roles or not context.by.is_person:
        return None
    return No(_("Nobody does this by hand; the system does it."))


class NeverParams(ParamsForm):
    why = forms.CharField(label=gettext_lazy("sentence"), required=False)


@guard("never", label=gettext_lazy("Never"), form=NeverParams)
def never(context: Context, params: Any) -> No | None:
    """The move is forbidden to everybody."""
    return No(params.why or _("This is never done here."))


class StagesParams(ParamsForm):
    codes = StagesField(label=gettext_lazy("stages"))


@guard("from_stage", label=gettext_lazy("Comes from"), form=StagesParams)
def from_stage(context: Context, params: Any) -> No | None:
    """The deal leaves, or stands on, one of the stages."""
    # A deal that is being opened comes from nowhere.
    stage = context.from_stage or (context.stage if context.deal.stage_id else None)
    if stage is None:
        return No(_("the deal is new"))
    return (
        None
        if stage.code in params.codes
        else No(_("not from “%(stage)s”") % {"stage": stage.name})
    )


@guard("to_stage", label=gettext_lazy("Goes to"), form=StagesParams)
def to_stage(context: Context, params: Any) -> No | None:
    """The deal moves to one of the stages."""
    stage = context.to_stage
    if stage is not None and stage.code in params.codes:
        return None
    names = ", ".join(f"«{context.pipeline.stage_by_code[code].name}»" for code in params.codes)
    return No(_("From here a deal goes only to %(names)s.") % {"names": names})


class AnswerParams(ParamsForm):
    code = forms.SlugField(label=gettext_lazy("question"))


@guard("answered", label=gettext_lazy("Answered"), form=AnswerParams)
def answered(context: Context, params: Any) -> No | None:
    """The scenario's question has an answer."""
    return None if context.answers.get(params.code) else No(_("the question was left empty"))
