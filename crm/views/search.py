"""The search box of the header: a list under it as one types, a page on Enter."""

from __future__ import annotations

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from crm import search
from crm.intake import caller
from crm.views.answers import SignedIn, page_or_part
from pipelines import catalog

ON_A_PAGE = 50


class SearchForm(forms.Form):
    q = forms.CharField(max_length=100, required=False)


@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    """`?q=text`: a few of each kind for the list under the box, many for the page."""
    form, is_part = SearchForm(request.GET), bool(request.headers.get("HX-Request"))
    text = form.cleaned_data["q"] if form.is_valid() else ""
    found = search.find(request.user, text, limit=search.LIMIT if is_part else ON_A_PAGE)
    stages = {stage.id: stage for pipeline in catalog.pipelines() for stage in pipeline.stages}
    deals = [(deal, stages.get(deal.stage_id)) for deal in found.deals]
    context = {"asked": text, "found": found, "deals": deals, "errors": form.errors.get("q")}
    context["caller"] = caller.who_calls(request.user, text)
    return page_or_part(request, "crm/search.html", "crm/search_found.html", context)
