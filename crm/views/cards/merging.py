"""Duplicates: the list of those suspected, the window in which two become one."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import rights
from crm.batches import kinds, verbs
from crm.batches.verbs import NewRow
from crm.clients import fields as client_fields
from crm.clients import merging, suspects
from crm.clients.fields import Client
from crm.models import Batch, Contact
from crm.views.answers import SignedIn
from crm.views.cards.contacts import MODELS
from crm.views.replies import form_key, me
from pipelines import catalog
from pipelines.numbers import whole

KINDS = {"contact": "contacts.merge", "company": "companies.merge"}
FOUND = 20


class Choice(NamedTuple):
    """A field in which the two differ: its name in the form, its label, and both values in words."""

    name: str
    label: str
    mine: str
    theirs: str


@login_required
def duplicates(request: SignedIn, kind: str) -> HttpResponse:
    """Records that look like one, among those that the person sees."""
    rights.need(request.user, rights.MERGE)
    context = {"kind": kind, "groups": suspects.find(MODELS[kind], request.user)}
    return render(request, "crm/duplicates.html", context)


@login_required
def merge(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """Merge the record of the address with another: `other=` its id, else a search `q=` for it.

    POST: `main` = the id of the one that stays, `take` = the fields whose value is the other's.
    """
    rights.need(request.user, rights.MERGE)
    found = MODELS[kind].objects.visible_to(request.user).select_related("owner")
    record: Client = get_object_or_404(found.prefetch_related("points"), pk=pk)
    asked = request.POST.get("other") or request.GET.get("other") or ""
    if whole(asked) is None:
        return _choose(request, kind, record)
    other: Client = get_object_or_404(found.exclude(pk=pk).prefetch_related("points"), pk=asked)
    main, goes = (other, record) if request.POST.get("main") == asked else (record, other)
    if request.method == "POST" and "main" in request.POST:
        return _merge(request, kind, main, goes)
    context = {
        "kind": kind,
        "records": [record, other],
        "choices": _choices(kind, record, other),
        "lost": kinds.registered[KINDS[kind]].lost(Batch()),
    }
    return render(request, "crm/merge.html", context)


def _choose(request: SignedIn, kind: str, record: Client) -> HttpResponse:
    text = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:100]
    likely = suspects.like(record, request.user)
    found: list[Any] = []
    if text:
        named = MODELS[kind].objects.visible_to(request.user).filter(name__icontains=text)
        found = list(named.exclude(pk=record.pk).order_by("name")[:FOUND])
    context = {"kind": kind, "record": record, "likely": likely, "found": found, "q": text}
    return render(request, "crm/merge_choose.html", context)


def _merge(request: SignedIn, kind: str, main: Client, goes: Client) -> HttpResponse:
    differing = {name for name, _mine, _theirs in merging.differing(main, goes)}
    # A choice names the record whose value is right, whichever of the two stays.
    take = [name for name in differing if request.POST.get(f"take-{name}") == str(goes.pk)]
    batch = verbs.start(
        KINDS[kind],
        title=_("“%(other)s” merged into “%(main)s”") % {"other": goes.name, "main": main.name},
        rows=[NewRow(record_id=goes.pk, name=goes.name, payload={"take": take})],
        params={"main": main.pk},
        by=me(request),
        now=timezone.now(),
        key=form_key(request),
    )
    return redirect(batch)


def _choices(kind: str, record: Client, other: Client) -> list[Choice]:
    """Wherever the two say different things, both ways round."""
    known = client_fields.known(record, catalog.pipelines())
    names = {name: None for name, _mine, _theirs in merging.differing(record, other)}
    names |= {name: None for name, _mine, _theirs in merging.differing(other, record)}
    return [
        Choice(
            name,
            _label(record, name, known),
            _shown(merging.value(record, name)),
            _shown(merging.value(other, name)),
        )
        for name in names
        if _shown(merging.value(record, name)) and _shown(merging.value(other, name))
    ]


def _label(record: Client, name: str, known: client_fields.Fields) -> str:
    own = name.removeprefix("values.")
    if own == name:
        return str(record._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    code = f"{'contact' if isinstance(record, Contact) else 'company'}.{own}"
    return str(known[code].label) if code in known else own


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
