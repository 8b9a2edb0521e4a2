"""The files of deals, clients and items of lists: put in, taken out, and sent only to those who may see the record."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from crm.files import keeping, limits
from crm.models import Company, Contact, Deal, File, ListItem, User
from crm.records import Record
from crm.views.answers import SignedIn
from crm.views.cards.clients import find_client
from crm.views.cards.letters import find_message
from crm.views.lists.list_items import find_item
from crm.views.replies import done, find_deal, me, refused, status_of
from pipelines.errors import BadAnswer, RegulationError


@login_required
@require_POST
def add(request: SignedIn, pk: int) -> HttpResponse:
    """Keep uploaded files with the deal."""
    return _add(request, find_deal(request, pk))


@login_required
@require_POST
def add_to_client(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """Keep uploaded files with a contact or a company."""
    return _add(request, find_client(request, kind, pk))


@login_required
@require_POST
def add_to_item(request: SignedIn, pk: int) -> HttpResponse:
    """Keep uploaded files with an item of an own list."""
    return _add(request, find_item(request, pk))


def _add(request: SignedIn, record: Record) -> HttpResponse:
    """The script that shows progress sends one file a request and is answered in JSON: {"said", "kind"}."""
    try:
        kept = _keep(request, record)
    except RegulationError as error:
        if _is_script(request):
            answer = {"said": str(error), "kind": "danger"}
            return JsonResponse(answer, status=status_of(error))
        return refused(request, record, error)
    said = ngettext("The file is kept.", "The files are kept.", len(kept))
    odd = [file.name for file in kept if file.disagrees]
    if odd:
        names = ", ".join(_("“%(name)s”") % {"name": name} for name in odd)
        told = _("Kept, but the name and the content of %(names)s disagree. Open with care.")
        said = told % {"names": names}
    if _is_script(request):
        return JsonResponse({"said": said, "kind": "warning" if odd else "success"})
    return done(request, record, said, kind="warning" if odd else "success")


def _keep(request: SignedIn, record: Record) -> list[File]:
    """Keep what is within the limit. Errors: TooLarge where anything was not, after keeping the rest."""
    beyond = limits.too_large(request)
    uploads = request.FILES.getlist("file")
    if not uploads and not beyond:
        raise BadAnswer({"file": _("Choose a file.")})
    kept = [
        keeping.add_file(record, upload, by=me(request), now=timezone.now()) for upload in uploads
    ]
    if beyond:
        raise keeping.TooLarge(beyond)
    return kept


def _is_script(request: SignedIn) -> bool:
    return request.headers.get("Accept", "") == "application/json"


@login_required
@require_POST
def remove(request: SignedIn, pk: int) -> HttpResponse:
    """Take a file off its record."""
    own = _of_records(request.user).filter(archived_at=None)
    file = get_object_or_404(own.select_related("deal", "contact", "company", "item__list"), pk=pk)
    record: Any = file.record
    try:
        keeping.remove_file(file, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, record, error)
    return done(request, record)


@login_required
@require_GET
def file(request: SignedIn, pk: int) -> FileResponse:
    """The file, to those who see its record; a deal's also to those who see its continuation."""
    found = _readable(request.user, pk)
    return as_attachment(found.file, found.name)


@login_required
@require_GET
def preview(request: SignedIn, pk: int) -> FileResponse:
    """The small picture that we drew ourselves: the only thing of a file that is shown inside a page."""
    found = _readable(request.user, pk)
    if not found.preview:
        raise Http404
    response = FileResponse(_opened(found.preview), content_type="image/webp")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=86400"
    return response


def _of_records(user: User) -> Any:
    return File.objects.filter(
        Q(deal__in=Deal.objects.visible_to(user))
        | Q(contact__in=Contact.objects.visible_to(user))
        | Q(company__in=Company.objects.visible_to(user))
        | Q(item__in=ListItem.objects.visible_to(user))
    )


def _readable(user: User, pk: int) -> File:
    by_continuation = File.objects.filter(deal__continuations__in=Deal.objects.visible_to(user))
    found = File.objects.filter(
        Q(pk__in=_of_records(user).filter(pk=pk).values("pk"))
        | Q(pk__in=by_continuation.filter(pk=pk).values("pk"))
    )
    file: File = get_object_or_404(found)
    return file


@login_required
@require_GET
def letter_file(request: SignedIn, pk: int, number: int) -> FileResponse:
    """A file that went with a letter, to those who see its deal or client."""
    found = get_object_or_404(find_message(request, pk).files, pk=number)
    return as_attachment(found.file, found.name)


def as_attachment(stored: Any, name: str) -> FileResponse:
    """Downloaded, never shown in our own pages: a client's HTML must not run in our name."""
    response = FileResponse(
        _opened(stored), as_attachment=True, filename=name, content_type="application/octet-stream"
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _opened(stored: Any) -> Any:
    try:
        return stored.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
