"""The settings of a widget: how wide it is, and what it is about."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm import periods
from crm.desktop.layout import Placed
from crm.desktop.registry import PERIOD, PIPELINE, USUAL_PERIOD, Size
from crm.forms import AnswersForm
from pipelines.catalog import CompiledPipeline

SIZES = [
    (Size.THIRD.value, _("a third")),
    (Size.HALF.value, _("a half")),
    (Size.FULL.value, _("the whole width")),
]


class SettingsForm(AnswersForm):
    size = forms.ChoiceField(label=_("Width"), choices=SIZES)

    def __init__(self, data: Any, *, placed: Placed, pipelines: list[CompiledPipeline]) -> None:
        start = {"size": placed.size.value, PERIOD: USUAL_PERIOD, **placed.chosen}
        super().__init__(data, initial=start)
        if PIPELINE in placed.widget.takes:
            names = [(item.code, item.name) for item in pipelines]
            self.fields[PIPELINE] = forms.ChoiceField(
                label=_("Pipeline"), choices=[("", _("as usual")), *names], required=False
            )
        if PERIOD in placed.widget.takes:
            self.fields[PERIOD] = forms.ChoiceField(label=_("Period"), choices=periods.CHOICES)
