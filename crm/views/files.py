"""The files of a deal: put in, taken out, and sent only to those who may see the deal."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from crm import files, outgoing
from crm.models import Deal, DealFile
from crm.views.answers import SignedIn
from crm.views.replies import done, find_deal, me, refused
from pipelines.errors import BadAnswer, RegulationError


@login_required
@require_POST
def add(request: SignedIn, pk: int) -> HttpResponse:
    """Keep uploaded files with the deal."""
    deal = find_deal(request, pk)
    uploads = request.FILES.getlist("file")
    try:
        if not uploads:
            raise BadAnswer({"file": _("Choose a file.")})
        for upload in uploads:
            files.add_file(deal, upload, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, deal, error)
    return done(request, deal, ngettext("The file is kept.", "The files are kept.", len(uploads)))


@login_required
@require_POST
def remove(request: SignedIn, pk: int) -> HttpResponse:
    """Take a file off the deal."""
    file = get_object_or_404(
        DealFile, pk=pk, deal__in=Deal.objects.visible_to(request.user), archived_at=None
    )
    try:
        files.remove_file(file, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, find_deal(request, file.deal_id), error)
    return done(request, find_deal(request, file.deal_id))


@login_required
@require_GET
def file(request: SignedIn, pk: int) -> FileResponse:
    """A deal's file, to those who see the deal or its continuation."""
    seen = Deal.objects.visible_to(request.user)
    found = get_object_or_404(
        DealFile.objects.filter(Q(deal__in=seen) | Q(deal__continuations__in=seen)).distinct(),
        pk=pk,
    )
    return as_attachment(found.file, found.name)


@login_required
@require_GET
def letter_file(request: SignedIn, pk: int, number: int) -> FileResponse:
    """A file that went with a letter, to those who see the letter's deal."""
    seen = Deal.objects.visible_to(request.user)
    message = outgoing.messages_by_id([pk]).get(pk)
    if (
        message is None
        or not seen.filter(Q(pk=message.deal_id) | Q(origin=message.deal_id)).exists()
    ):
        raise Http404
    found = get_object_or_404(message.files, pk=number)
    return as_attachment(found.file, found.name)


def as_attachment(stored: object, name: str) -> FileResponse:
    """Downloaded, never shown in our own pages: a client's HTML must not run in our name."""
    try:
        opened = stored.open("rb")  # type: ignore[attr-defined]
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(
        opened, as_attachment=True, filename=name, content_type="application/octet-stream"
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response
