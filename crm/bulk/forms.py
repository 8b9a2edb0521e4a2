"""What each change of many deals asks for, once for all of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm import visibility
from crm.bulk.selection import Selection
from crm.card.page import owners_for
from crm.forms import AnswersForm, MomentField, tomorrow
from crm.models import Tag, Task, User
from crm.moveforms import PREFIX, refusals_now
from pipelines import catalog, fields, registry, remedies
from pipelines.catalog import CompiledField, CompiledStage

# So many deals are asked what they lack; what only others lack is said in the report.
SAMPLE = 10
TAGS_SHOWN = 60


class BulkForm(AnswersForm):
    """A dialog over many deals. A choice that changes what is asked (`AGAIN`) draws the dialog anew."""

    code: ClassVar[str] = ""
    kind: ClassVar[str] = ""
    label: ClassVar[str | Promise] = ""
    icon: ClassVar[str] = ""
    AGAIN: ClassVar[str] = ""
    # Templates name the class for its words; they would call it.
    do_not_call_in_templates: ClassVar[bool] = True

    def __init__(
        self, data: Any = None, *, selection: Selection, user: User, now: datetime
    ) -> None:
        super().__init__(data, auto_id="bulk-%s")
        self.selection, self.user, self.now = selection, user, now
        self.build()

    def build(self) -> None:
        """Add the fields that depend on who asks and about which deals."""

    def params(self) -> dict[str, Any]:
        """What the batch is told, as JSON."""
        raise NotImplementedError

    def title(self, count: int) -> str:
        raise NotImplementedError

    @classmethod
    def offered_to(cls, user: User) -> bool:
        return True


class StageForm(BulkForm):
    AGAIN = "to"
    ends: ClassVar[bool] = False

    def build(self) -> None:
        groups = []
        for pipeline in self.selection.pipelines:
            stages = [
                stage
                for stage in visibility.stages_of(self.user, pipeline)
                if (stage.kind != "open") is self.ends
            ]
            groups.append((pipeline.name, [(str(stage.id), stage.name) for stage in stages]))
        choices: Any = groups[0][1] if len(groups) == 1 else groups
        self.fields["to"] = forms.ChoiceField(
            label=_("Stage"), choices=[("", _("— choose —")), *choices]
        )
        if self.stage is not None:
            for field in self._lacking(self.stage):
                self.fields[f"{PREFIX}-{field.code}"] = fields.form_field(field)

    @property
    def stage(self) -> CompiledStage | None:
        asked = str(self.data.get("to", ""))
        known = [stage for item in self.selection.pipelines for stage in item.stages]
        return next((stage for stage in known if str(stage.id) == asked), None)

    def _lacking(self, stage: CompiledStage) -> list[CompiledField]:
        """The fields that the stage asks of some of the deals; an entry of the feed is each deal's own."""
        known = remedies.askable(catalog.pipeline(stage.pipeline_id).fields)
        asked = [
            code
            for deal in self.selection.sample(SAMPLE)
            if deal.pipeline_id == stage.pipeline_id and deal.stage_id != stage.id
            for refusal in refusals_now(deal, stage, user=self.user, now=self.now)
            for code in refusal.fields
        ]
        codes = [code for code in dict.fromkeys(asked) if code in known]
        return [known[code] for code in codes if known[code].type != "evidence"]

    def params(self) -> dict[str, Any]:
        known = {name.removeprefix(f"{PREFIX}-"): name for name in self.fields if name != "to"}
        typed = {code: _typed(self.data, name) for code, name in known.items()}
        return {
            "to": int(self.cleaned_data["to"]),
            "answers": {code: value for code, value in typed.items() if value not in ("", [])},
        }

    def title(self, count: int) -> str:
        assert self.stage is not None
        return ngettext(
            "%(count)s deal to “%(stage)s”", "%(count)s deals to “%(stage)s”", count
        ) % {"count": count, "stage": self.stage.name}


class MoveForm(StageForm):
    code, kind, icon = "move", "deals.move", "arrow-right"
    label = gettext_lazy("Move")


class CloseForm(StageForm):
    code, kind, icon = "close", "deals.close", "flag"
    label = gettext_lazy("Close")
    ends = True


class OwnerForm(BulkForm):
    code, kind, icon = "owner", "deals.assign", "user-share"
    label = gettext_lazy("Responsible")

    def build(self) -> None:
        people = [(str(person.pk), str(person)) for person in owners_for(self.user)]
        self.fields["owner"] = forms.ChoiceField(
            label=_("New responsible"), choices=[("", _("— choose —")), *people]
        )

    def params(self) -> dict[str, Any]:
        return {"owner": int(self.cleaned_data["owner"])}

    def title(self, count: int) -> str:
        names = dict(self.fields["owner"].choices)  # type: ignore[attr-defined]
        return ngettext("%(count)s deal to %(person)s", "%(count)s deals to %(person)s", count) % {
            "count": count,
            "person": names[self.cleaned_data["owner"]],
        }

    @classmethod
    def offered_to(cls, user: User) -> bool:
        return user.visible_owner_ids is None or len(user.visible_owner_ids) > 1


class TagsForm(BulkForm):
    code, kind, icon = "tags", "deals.tag", "tags"
    label = gettext_lazy("Tags")

    def build(self) -> None:
        self.fields["add"] = forms.CharField(
            label=_("Put on"), required=False, help_text=_("Several by commas.")
        )
        present = Tag.objects.filter(deals__in=self.selection.deals.order_by()).distinct()
        names = list(present.order_by("name").values_list("name", flat=True)[:TAGS_SHOWN])
        if names:
            self.fields["remove"] = forms.MultipleChoiceField(
                label=_("Take off"),
                required=False,
                choices=[(name, name) for name in names],
                widget=forms.CheckboxSelectMultiple,
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self._names(cleaned) and not cleaned.get("remove"):
            self.add_error("add", _("Name a tag to put on, or choose one to take off."))
        return cleaned

    def params(self) -> dict[str, Any]:
        return {
            "add": self._names(self.cleaned_data),
            "remove": self.cleaned_data.get("remove", []),
        }

    def title(self, count: int) -> str:
        said = [f"+{name}" for name in self.params()["add"]]
        said += [f"−{name}" for name in self.params()["remove"]]
        return ngettext(
            "Tags of %(count)s deal: %(tags)s", "Tags of %(count)s deals: %(tags)s", count
        ) % {"count": count, "tags": ", ".join(said)}

    @staticmethod
    def _names(cleaned: dict[str, Any]) -> list[str]:
        names = (" ".join(name.split()) for name in str(cleaned.get("add", "")).split(","))
        return list(dict.fromkeys(name for name in names if name))


class TaskForm(BulkForm):
    code, kind, icon = "task", "deals.task", "checkbox"
    label = gettext_lazy("Task")

    text = forms.CharField(
        label=gettext_lazy("What is to be done"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Each deal's responsible gets the task."),
    )
    kind_of_task = forms.ChoiceField(
        label=gettext_lazy("Kind"), choices=Task.Kind.choices, initial=Task.Kind.CALL
    )
    due_at = MomentField(label=gettext_lazy("Until"))

    def build(self) -> None:
        self.initial["due_at"] = tomorrow(self.now)

    def params(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "text": given["text"],
            "kind": given["kind_of_task"],
            "due_at": given["due_at"].isoformat(),
        }

    def title(self, count: int) -> str:
        return ngettext(
            "A task on %(count)s deal: %(text)s", "A task on %(count)s deals: %(text)s", count
        ) % {"count": count, "text": self.cleaned_data["text"]}


class FieldForm(BulkForm):
    code, kind, icon = "field", "deals.field", "forms"
    label = gettext_lazy("Field")
    AGAIN = "field"

    def build(self) -> None:
        known = self._known()
        self.fields["field"] = forms.ChoiceField(
            label=_("Field"),
            choices=[
                ("", _("— choose —")),
                *((code, str(field.label)) for code, field in known.items()),
            ],
        )
        if chosen := known.get(str(self.data.get("field", ""))):
            self.fields["value"] = fields.form_field(chosen)
            self.fields["value"].required = False

    def _known(self) -> dict[str, CompiledField]:
        """The deals' own fields that every pipeline of the selection has and a person may write."""
        several = [item.fields for item in self.selection.pipelines]
        if not several:
            return {}
        return {
            code: field
            for code, field in several[0].items()
            if all(code in item for item in several)
            and field.record == "deal"
            and field.type not in ("evidence", "control")
            and code != "name"
            and not (code in registry.built_ins and registry.built_ins[code].read_only)
        }

    def params(self) -> dict[str, Any]:
        return {"values": {self.cleaned_data["field"]: _typed(self.data, "value")}}

    def title(self, count: int) -> str:
        label = dict(self.fields["field"].choices)[self.cleaned_data["field"]]  # type: ignore[attr-defined]
        return ngettext(
            "“%(field)s” of %(count)s deal", "“%(field)s” of %(count)s deals", count
        ) % {"count": count, "field": label}


def _typed(data: Any, name: str) -> Any:
    """What was typed, as the verbs take it: lists only where several values were given."""
    values = data.getlist(name)
    return values if len(values) > 1 else (values[0] if values else "")


FORMS: dict[str, type[BulkForm]] = {
    form.code: form for form in (MoveForm, OwnerForm, TagsForm, TaskForm, FieldForm, CloseForm)
}
