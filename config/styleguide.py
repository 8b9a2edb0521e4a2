"""/styleguide/: the components of the pages, one beside another, for administrators and those who build pages."""

from __future__ import annotations

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipelines.admin.access import is_administrator

TOKENS = ("primary", "secondary", "success", "warning", "danger", "info")
TEXTS = ("body", "secondary", "muted")


class Example(forms.Form):
    """A field of each kind, one of them wrong."""

    name = forms.CharField(label=gettext_lazy("Name"))
    kind = forms.ChoiceField(
        label=gettext_lazy("A choice"),
        choices=[("1", gettext_lazy("the first")), ("2", gettext_lazy("the second"))],
    )
    day = forms.DateField(label=gettext_lazy("A day"), widget=forms.DateInput({"type": "date"}))
    text = forms.CharField(label=gettext_lazy("A text"), widget=forms.Textarea({"rows": 2}))
    tick = forms.BooleanField(label=gettext_lazy("A tick"), required=False)


@login_required
def page(request: HttpRequest) -> HttpResponse:
    if not is_administrator(request.user):
        raise PermissionDenied(_("Settings are for administrators of the CRM only."))
    example = Example({"name": _("Answered"), "kind": "1", "text": ""})
    return render(request, "styleguide.html", {"form": example, "tokens": TOKENS, "texts": TEXTS})
