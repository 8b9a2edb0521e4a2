"""Forms of the regulation's rows: codes made by themselves, and nothing switched off that deals still need."""

from __future__ import annotations

from typing import Any

from django import forms
from django.apps import apps
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pipelines.compiling import split_choice
from pipelines.models import Field, Pipeline, Rule, Scenario, Stage

from .codes import make_code
from .editions import SeenForm, keep_texts
from .widgets import DurationWidget, bare

COLOURS = [
    ("blue", gettext_lazy("blue")),
    ("azure", gettext_lazy("azure")),
    ("indigo", gettext_lazy("indigo")),
    ("purple", gettext_lazy("purple")),
    ("pink", gettext_lazy("pink")),
    ("red", gettext_lazy("red")),
    ("orange", gettext_lazy("orange")),
    ("yellow", gettext_lazy("yellow")),
    ("lime", gettext_lazy("lime")),
    ("green", gettext_lazy("green")),
    ("teal", gettext_lazy("teal")),
    ("cyan", gettext_lazy("cyan")),
    ("secondary", gettext_lazy("grey")),
]


def deals(**where: Any) -> int:
    """How many deals, closed ones among them, stand there (archived ones too: they point at the row)."""
    return apps.get_model("crm.Deal")._base_manager.filter(**where).count()  # type: ignore[no-any-return]


class CodedForm(forms.ModelForm):
    """A new row gets its code from its name; an old one keeps it, since rules and values know it by the code."""

    named_by = "name"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        keep_texts(self)
        return cleaned

    def save(self, commit: bool = True) -> Any:
        row = self.instance
        if not row.code:
            siblings = type(row).objects.all()
            if hasattr(row, "pipeline_id"):
                siblings = siblings.filter(pipeline=row.pipeline_id)
            taken = set(siblings.values_list("code", flat=True))
            row.code = make_code(getattr(row, self.named_by), taken, fallback=row._meta.model_name)
        return super().save(commit)


class PipelineForm(SeenForm):
    class Meta:
        model = Pipeline
        fields = (
            "name",
            "currency",
            "schedule",
            "position",
            "note",
            "is_active",
            "code",
            "playbook",
        )
        widgets = {
            "name": forms.TextInput(attrs={"class": "vTextField"}),
            "currency": forms.TextInput(attrs={"size": 4, "class": ""}),
            "note": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bare(self.fields["schedule"].widget)
        for name in ("code", "playbook"):
            if self.instance.pk:
                self.fields[name].disabled = True
            else:
                self.fields[name].required = False
                self.fields[name].help_text = _("Empty: made from the name.")

    def clean_currency(self) -> str:
        code = self.cleaned_data["currency"].upper()
        if not (len(code) == 3 and code.isascii() and code.isalpha()):
            raise forms.ValidationError(_("Three letters, like RUB, BYN, USD."))
        return str(code)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.instance.pk and cleaned.get("name"):
            taken = set(Pipeline.objects.values_list("code", flat=True))
            cleaned["code"] = cleaned.get("code") or make_code(
                cleaned["name"], taken, fallback="pipeline"
            )
            cleaned["playbook"] = cleaned.get("playbook") or "own"
        return cleaned

    def clean_is_active(self) -> bool:
        active = bool(self.cleaned_data["is_active"])
        if (
            not active
            and self.instance.pk
            and (number := deals(pipeline=self.instance.pk, archived_at=None))
        ):
            raise forms.ValidationError(
                ngettext(
                    "%(number)s deal is in this pipeline: while it is, the pipeline can't be switched off.",
                    "%(number)s deals are in this pipeline: while they are, it can't be switched off.",
                    number,
                )
                % {"number": number}
            )
        return active


class StageRules(CodedForm):
    """What deals on a stage forbid to change; the same in the row of the pipeline's page and on the stage's own."""

    limit = forms.CharField(
        label=gettext_lazy("limit"),
        required=False,
        widget=DurationWidget,
        help_text=gettext_lazy(
            "How long a deal may stay; deals that stand there already get the new deadline too."
        ),
    )
    color = forms.ChoiceField(label=gettext_lazy("colour"), choices=COLOURS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields.get("color")
        kept = self.instance.color
        if field is not None and kept not in dict(COLOURS):
            field.choices = [*COLOURS, (kept, kept)]

    def clean_is_active(self) -> bool:
        active = bool(self.cleaned_data["is_active"])
        if not active and self.instance.pk and (number := deals(stage=self.instance.pk)):
            raise forms.ValidationError(
                ngettext(
                    "%(number)s deal stands on this stage. Move it first; then the stage can be switched off.",
                    "%(number)s deals stand on this stage. Move them first; then the stage can be switched off.",
                    number,
                )
                % {"number": number}
            )
        return active

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        if self.instance.pk and kind != self.initial.get("kind") and deals(stage=self.instance.pk):
            # Each deal's status is its stage's kind, written when it entered.
            raise forms.ValidationError(
                _("Deals stand on this stage with its present kind. Move them first.")
            )
        return kind


class PageForm(SeenForm):
    """A row's own page: the pipeline is there for the address of things, and is not changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pipeline"].disabled = True


class StageRowForm(StageRules):
    class Meta:
        model = Stage
        fields = ("position", "name", "kind", "color", "limit", "needs_task", "starts", "is_active")


class StageForm(StageRules, PageForm):
    class Meta:
        model = Stage
        fields = ("pipeline", *StageRowForm.Meta.fields, "goal", "general_rules", "script")
        widgets = {
            "pipeline": forms.HiddenInput,
            "name": forms.TextInput(attrs={"class": "vTextField"}),
            "goal": forms.Textarea(attrs={"rows": 3}),
            "general_rules": forms.Textarea(attrs={"rows": 6}),
            "script": forms.Textarea(attrs={"rows": 6}),
        }


def written_choices(typed: list[str], before: set[str]) -> list[str]:
    """The choices of a list as they were typed, each as `code: label`; those that stood there `before` stay as they are.

    Errors: ValidationError for a code that stands there twice.
    """
    lines = [line.strip() for line in typed if line.strip()]
    codes: dict[str, str] = {
        split_choice(line)[0]: line for line in lines if ":" in line or line in before
    }
    found = []
    for line in lines:
        if ":" not in line and line not in before:
            code = make_code(line, codes, fallback="choice")
            codes[code] = line = f"{code}: {line}"
        found.append(line)
    named = [split_choice(line)[0] for line in found]
    if twice := next((code for code in named if named.count(code) > 1), None):
        raise forms.ValidationError(_("The code “%(code)s” stands here twice.") % {"code": twice})
    return found


class FieldForm(CodedForm):
    """The choices of a list are written one a line; a line without a code gets one."""

    named_by = "label"
    choices = SimpleArrayField(
        forms.CharField(max_length=200),
        label=gettext_lazy("choices"),
        required=False,
        delimiter="\n",
        widget=forms.Textarea(attrs={"rows": 1, "cols": 26}),
        help_text=gettext_lazy(
            "For lists, one a line. A line may be “code: label”; without a code one is made."
        ),
    )

    class Meta:
        model = Field
        fields = (
            "position",
            "label",
            "type",
            "record",
            "tab",
            "choices",
            "help_text",
            "on_board",
            "in_filter",
            "is_active",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # Deals hold values of this type under this record.
            for name in ("type", "record"):
                if name in self.fields:
                    self.fields[name].disabled = True

    def clean_choices(self) -> list[str]:
        written = set(self.instance.choices) if self.instance.pk else set()
        return written_choices(self.cleaned_data["choices"] or [], written)


class FieldPageForm(FieldForm, PageForm):
    class Meta(FieldForm.Meta):
        fields = ("pipeline", *FieldForm.Meta.fields)  # type: ignore[assignment]
        widgets = {"pipeline": forms.HiddenInput}

    def clean(self) -> dict[str, Any]:
        if self.problems and not self.cleaned_data.get("is_active"):
            self.problems = self._used_by() or self.problems
        return super().clean()

    def _used_by(self) -> list[str]:
        """By which rules the field is named, as a sentence: the check says where in the text of the edition."""
        rules = Rule.objects.filter(pipeline=self.instance.pipeline_id, is_active=True)
        anywhere = _("every stage")
        named = [
            f"{rule.clause} ({rule.stage or rule.scenario or anywhere})"
            for rule in rules.select_related("stage", "scenario").prefetch_related("conditions")
            if any(
                _mentions(params, self.instance.code)
                for params in (rule.params, *(item.params for item in rule.conditions.all()))
            )
        ]
        if not named:
            return []
        return [
            _("Rules still use this field: %(rules)s. Change them or switch them off first.")
            % {"rules": ", ".join(dict.fromkeys(named))}
        ]


def _mentions(value: Any, code: str) -> bool:
    """Whether the code stands anywhere in the parameters, as a key or as a value."""
    if isinstance(value, dict):
        return any(_mentions(item, code) for pair in value.items() for item in pair)
    if isinstance(value, list):
        return any(_mentions(item, code) for item in value)
    return bool(value == code)


class ScenarioRowForm(CodedForm):
    named_by = "label"

    class Meta:
        model = Scenario
        fields = ("position", "label", "result", "completes", "on_card", "is_active")
