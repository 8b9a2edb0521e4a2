"""Parameters of guards and actions as Django forms: one definition checks a playbook, draws the admin and speaks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from pipelines.clock import Duration


class ParamsForm(forms.Form):
    """The parameters of a guard or an action. The first field is the primary one: a playbook may give it bare.

    `pipeline` is any object with `stages`, `fields` and `tasks` as lists of (code, label) (a `Vocabulary`);
    without one, codes are not checked.
    """

    def __init__(self, *args: Any, pipeline: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, CodeMixin):
                field.speak(pipeline)

    @classmethod
    def primary(cls) -> str | None:
        """Name of the field that a bare value in a playbook stands for."""
        return next(iter(cls.base_fields), None)


class Vocabulary:
    """The codes that a pipeline's rules may name, with their labels."""

    def __init__(
        self,
        *,
        stages: list[tuple[str, str]],
        fields: list[tuple[str, str]],
        templates: list[tuple[str, str]] = (),  # type: ignore[assignment]
        pipelines: list[tuple[str, str]] = (),  # type: ignore[assignment]
        scenarios: list[tuple[str, str]] = (),  # type: ignore[assignment]
        tasks: list[tuple[str, list[str]]] = (),  # type: ignore[assignment]
        choices: Any = None,
    ) -> None:
        # Field code → its choices, so that a value is said by its label.
        self.choices: dict[str, dict[str, str]] = choices or {}
        self.stages, self.fields = stages, fields
        self.templates, self.pipelines = list(templates), list(pipelines)
        self.scenarios, self.tasks = list(scenarios), list(tasks)


class CodeMixin:
    """A field whose choices are codes of the pipeline at hand."""

    words_of = ""
    nothing: list[tuple[str, str]] = []
    choices: Any

    def speak(self, vocabulary: Any) -> None:
        self.known = None if vocabulary is None else dict(getattr(vocabulary, self.words_of))
        self.flat_choices = list((self.known or {}).items())
        if vocabulary is not None:
            self.choices = [*self.nothing, *self.flat_choices]

    def knows(self, code: str) -> bool:
        return self.known is None or code in self.known


class CodeField(CodeMixin, forms.ChoiceField):  # type: ignore[misc]
    """One code out of the pipeline's vocabulary."""

    nothing = [("", "—")]

    def valid_value(self, value: Any) -> bool:
        return self.knows(str(value))


class CodesField(CodeMixin, forms.MultipleChoiceField):  # type: ignore[misc]
    """Several codes out of the pipeline's vocabulary; a bare code is a list of one."""

    def to_python(self, value: Any) -> list[str]:
        return super().to_python([value] if isinstance(value, str) else value)

    def valid_value(self, value: Any) -> bool:
        return self.knows(str(value))


class StageField(CodeField):
    words_of = "stages"


class StagesField(CodesField):
    words_of = "stages"


class FieldField(CodeField):
    words_of = "fields"


class FieldsField(CodesField):
    words_of = "fields"


class TemplateField(CodeField):
    words_of = "templates"


class ScenarioField(CodeField):
    words_of = "scenarios"


class PipelineField(CodeField):
    words_of = "pipelines"


class WordsField(forms.Field):
    """A list of short words, one a line in the admin, a list or a bare word in a playbook."""

    widget = forms.Textarea(attrs={"rows": 3})

    def to_python(self, value: Any) -> list[str]:
        if value in self.empty_values:
            return []
        items = value if isinstance(value, (list, tuple)) else str(value).splitlines()
        return [word for item in items if (word := str(item).strip())]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, (list, tuple)) else value


class TaskCodesField(CodeMixin, WordsField):  # type: ignore[misc]
    """Codes of tasks that rules set, said by the tasks' texts; another's code is no mistake: a person may have it set."""

    words_of = "tasks"

    def speak(self, vocabulary: Any) -> None:
        super().speak(vocabulary)
        # Quoted here, for the vocabulary is kept for people of every language.
        self.flat_choices = [
            (code, ", ".join(_("“%(text)s”") % {"text": text} for text in texts))
            for code, texts in self.flat_choices
        ]


class DurationField(forms.CharField):
    """`30m working`, `4h`, `1d`: cleaned to a `clock.Duration`."""

    default_error_messages = {"invalid": _("Write a period like 30m working, 4h, 1d, 3w.")}

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return Duration.parse(text)
        except ValueError as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error


class RoleField(forms.ChoiceField):
    """The name of a role (a Django group)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=_roles, **kwargs)

    def valid_value(self, value: Any) -> bool:
        # Roles are created with the playbook that names them; a check must pass before that.
        return bool(value)


class RolesField(forms.MultipleChoiceField):
    """Names of roles."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=_roles, **kwargs)

    def to_python(self, value: Any) -> list[str]:
        return super().to_python([value] if isinstance(value, str) else value)

    def valid_value(self, value: Any) -> bool:
        return bool(value)


def _roles() -> list[tuple[str, str]]:
    return [(name, name) for name in Group.objects.order_by("name").values_list("name", flat=True)]


class PairsWidget(forms.Textarea):
    """`code = value`, one a line."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 3, "placeholder": "code = value"} | (attrs or {}))


class PairsField(CodeMixin, forms.Field):
    """Values by field code: a mapping in a playbook, `code = value` lines in the admin."""

    widget = PairsWidget
    words_of = "fields"

    def to_python(self, value: Any) -> dict[str, Any]:
        if value in self.empty_values:
            return {}
        if isinstance(value, dict):
            pairs = value
        else:
            lines = [line for line in str(value).splitlines() if line.strip()]
            if bad := [line for line in lines if "=" not in line]:
                raise forms.ValidationError(
                    _("Not “code = value”: %(line)s"), params={"line": bad[0]}
                )
            pairs = {
                key.strip(): item.strip()
                for key, _eq, item in (line.partition("=") for line in lines)
            }
        if unknown := [code for code in pairs if not self.knows(code)]:
            raise forms.ValidationError(_("No such field: %(code)s"), params={"code": unknown[0]})
        return pairs

    def prepare_value(self, value: Any) -> Any:
        return (
            "\n".join(f"{key} = {item}" for key, item in value.items())
            if isinstance(value, dict)
            else value
        )
