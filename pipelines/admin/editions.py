"""Every saved change of the regulation makes one edition; one that the regulation can't bear is not saved."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from pipelines import playbook
from pipelines.errors import PlaybookError
from pipelines.models import Edition, Pipeline
from pipelines.playbook.editions import read_text

from .access import CrmAdminAccess

SEEN = "seen_edition"


class RegulationForm(forms.ModelForm):
    """Says what the regulation as a whole would suffer from the change (`problems`, found after a first try)."""

    problems: list[str] = []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        keep_texts(self)
        for problem in self.problems:
            self.add_error(None, problem)
        return cleaned


def keep_texts(form: forms.ModelForm) -> None:
    """A browser writes line ends its own way and Django strips: where only that differs, the text stays as it was."""
    for name, value in form.cleaned_data.items():
        before = form.initial.get(name)
        if isinstance(value, str) and isinstance(before, str):
            text = value.replace("\r\n", "\n")
            form.cleaned_data[name] = before if text.strip() == before.strip() else text


class SeenForm(RegulationForm):
    """Knows which edition its page showed: a page opened before a colleague's change does not undo it silently."""

    seen_edition = forms.IntegerField(required=False, widget=forms.HiddenInput)
    edition_now: int | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[SEEN].initial = self.edition_now

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        seen = cleaned.get(SEEN)
        if seen is not None and self.edition_now is not None and seen != self.edition_now:
            self.add_error(None, self._meanwhile())
            # Once told, a second «save» is a decision.
            posted: Any = self.data
            self.data = told = posted.copy()
            told[self.add_prefix(SEEN)] = str(self.edition_now)
        return cleaned

    def _meanwhile(self) -> str:
        return _(
            "While this page was open somebody saved edition № %(number)s of this pipeline. "
            "Look through what is below; saving again keeps yours."
        ) % {"number": self.edition_now}


class RegulationAdmin(CrmAdminAccess, admin.ModelAdmin):
    """A page whose rows belong to a pipeline's regulation."""

    form = SeenForm
    save_on_top = False

    def pipeline_of(self, obj: Any) -> Pipeline:
        return obj if isinstance(obj, Pipeline) else obj.pipeline

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.problems = getattr(request, "regulation_problems", [])
        if obj is not None and issubclass(form, SeenForm):
            form.edition_now = self.pipeline_of(obj).edition
        return form

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except PlaybookError as refused:
            # Rolled back. Shown once more with what was typed, and what speaks against it.
            request.regulation_problems = refused.problems  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        keep_edition(self.pipeline_of(form.instance), request.user)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        pipeline = self.pipeline_of(obj)
        super().delete_model(request, obj)
        keep_edition(pipeline, request.user)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # In bulk nothing is deleted: each row has its own reasons why not.
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


def keep_edition(pipeline: Pipeline, author: Any) -> Edition | None:
    """Save the edition that the change makes. Errors: PlaybookError for what the change broke."""
    text = playbook.export(pipeline)
    last = pipeline.editions.first()
    broken = problems_of(text) if last is None or last.text != text else []
    if broken and last is not None:
        # What was wrong before (a template deleted elsewhere) is not this change's doing.
        old = problems_of(last.text)
        broken = [problem for problem in broken if problem not in old]
    if broken:
        raise PlaybookError(broken)
    return playbook.save_edition(pipeline, author=author, now=timezone.now())


def problems_of(text: str) -> list[str]:
    """What is wrong with a pipeline's YAML, without the lines, which say nothing to a reader of forms."""
    try:
        read_text(text, file="")
    except PlaybookError as error:
        return list(dict.fromkeys(re.sub(r"^:?\d+: ", "", problem) for problem in error.problems))
    return []
