"""Exports: the file, or the page of files being made."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET

from crm.export import making, writing
from crm.models import Export
from crm.views.answers import SignedIn
from crm.views.taking_out import takes_out
from pipelines.errors import RegulationError


@login_required
@takes_out
@require_GET
def export(request: SignedIn, kind: str) -> HttpResponseBase:
    """The table's own address with `form=xlsx|csv` and `all_columns=1` beside its question."""
    form = request.GET.get("form", "xlsx")
    if form not in writing.FORMS:
        raise Http404
    everything = bool(request.GET.get("all_columns"))
    return answer(request, kind, request.GET, form=form, everything=everything)


def answer(
    request: SignedIn, kind: str, query: QueryDict, *, form: str, everything: bool
) -> HttpResponseBase:
    """The file of what `query` asks for; where it is made in the background, the page on which it will be."""
    try:
        made = making.export(
            kind,
            user=request.user,
            query=query,
            form=form,
            everything=everything,
            now=timezone.now(),
        )
    except LookupError as error:
        raise Http404 from error
    except RegulationError as error:
        messages.error(request, str(error))
        return redirect(_back(request))
    if isinstance(made, Export):
        return redirect("crm:exports")
    response = FileResponse(
        made.file, as_attachment=True, filename=made.name, content_type=made.type
    )
    response["Cache-Control"] = "private, no-store"
    return response


def _back(request: SignedIn) -> str:
    back = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}):
        return back
    return "crm:lists"


@login_required
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """The person's own files of the last week; the page asks again while one is being made."""
    found = list(Export.objects.filter(user=request.user)[:50])
    context = {"exports": found, "is_waiting": any(one.finished_at is None for one in found)}
    return render(request, "crm/exports.html", context)


@login_required
@takes_out
@require_GET
def file(request: SignedIn, pk: int) -> HttpResponseBase:
    """The file, to whoever had it made, while he may export, and to nobody else."""
    made = get_object_or_404(Export.objects.filter(user=request.user).exclude(file=""), pk=pk)
    try:
        opened = made.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(
        opened,
        as_attachment=True,
        filename=making.file_name(made),
        content_type=writing.FORMS[made.form],
    )
    response["Cache-Control"] = "private, no-store"
    return response
