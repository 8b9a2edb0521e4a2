"""An import's steps: the file, the columns, the check, and from then on its batch's page."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from crm import rights, visibility
from crm.card import page as card
from crm.files import limits
from crm.imports import checking, files, heads, progress, report, targets, verbs
from crm.imports.targets import Target
from crm.models import Import, ImportRow, User
from crm.registers import xlsx
from crm.views.answers import SignedIn
from crm.views.replies import go, me
from crm.views.taking_out import takes_out
from pipelines.errors import BadAnswer, RegulationError

SHOWN = 20


def find_import(request: SignedIn, pk: int) -> Import:
    """The person's own import; an administrator sees everybody's."""
    rights.need(request.user, rights.IMPORT)
    found = Import.objects.select_related("user", "owner", "batch")
    if not request.user.is_crm_admin:
        found = found.filter(user=request.user)
    return get_object_or_404(found, pk=pk)


@login_required
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """The imports that one made, newest first."""
    rights.need(request.user, rights.IMPORT)
    found = Import.objects.select_related("batch").filter(user=request.user)[:50]
    titles = dict(targets.choices(request.user))
    rows = [(job, titles.get(job.target, job.target)) for job in found]
    return render(request, "crm/imports.html", {"rows": rows})


@login_required
def new(request: SignedIn) -> HttpResponse:
    """Into what, and which file. `?into=` names the list that one came from."""
    rights.need(request.user, rights.IMPORT)
    errors: dict[str, str] = {}
    into = request.POST.get("into") or request.GET.get("into", "")
    if request.method == "POST":
        try:
            if limits.too_large(request):
                raise BadAnswer({"file": str(files.TOO_LARGE)})
            job = verbs.take_file(
                request.FILES.get("file"),
                target=into,
                stage=_stage(request.POST.get("stage", "")),
                user=request.user,
                now=timezone.now(),
            )
        except BadAnswer as error:
            errors = error.errors
        else:
            return redirect("crm:import", job.pk)
    context = {
        "choices": targets.choices(request.user),
        "into": into,
        "stages": [
            (pipeline.name, pipeline.stages) for pipeline in visibility.pipelines_of(request.user)
        ],
        "stage": request.POST.get("stage", ""),
        "errors": errors,
    }
    return render(request, "crm/import_new.html", context, status=422 if errors else 200)


def _stage(raw: str) -> int | None:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else None


@login_required
def page(request: SignedIn, pk: int) -> HttpResponse:
    """The columns; once they are said, what the check found; `step=columns` goes back to them."""
    job = find_import(request, pk)
    if job.batch is not None and request.method != "POST":
        return redirect(job.batch)
    target = checking.target_of(job, job.user)
    if target is None:
        messages.error(request, _("You may no longer import into this list."))
        return redirect("crm:imports")
    if request.method == "POST":
        return _take(request, job)
    if job.state == Import.State.CHECKING:
        return render(request, "crm/import_running.html", _running(job, target))
    if job.state in (Import.State.UPLOADED, Import.State.FAILED) or "step" in request.GET:
        return _columns(request, job, target)
    return _checked(request, job, target)


@login_required
@require_GET
def check_progress(request: SignedIn, pk: int) -> HttpResponse:
    """The bar alone while a worker reads the file; the page again as soon as it has."""
    job = find_import(request, pk)
    target = checking.target_of(job, job.user)
    if target is None or job.state != Import.State.CHECKING:
        return go(request, reverse("crm:import", args=[job.pk]))
    return render(request, "crm/import_progress.html", _running(job, target))


def _running(job: Import, target: Target) -> dict[str, Any]:
    come = progress.of(job.pk)
    return {
        **_common(job, target, "check" if heads.is_read(job) else "columns"),
        "come": come,
        "is_silent": come is not None and come.is_silent(timezone.now()),
        "is_read": heads.is_read(job),
    }


def _take(request: SignedIn, job: Import) -> HttpResponse:
    try:
        match request.POST.get("do"):
            case "read":
                chosen = ("sheet", "encoding", "delimiter")
                verbs.read_again(job, {name: request.POST.get(name, "") for name in chosen})
            case "check":
                verbs.say_columns(
                    job,
                    _mapping(request, len(heads.Head.of(job).headings)),
                    known=request.POST.get("known", ""),
                    owner=_owner(request),
                )
                return redirect("crm:import", job.pk)
            case "stop":
                verbs.stop_check(job)
                return redirect("crm:import", job.pk)
            case "begin":
                return redirect(verbs.begin(job, by=me(request), now=timezone.now()))
            case _:
                raise Http404
    except BadAnswer as error:
        for text in error.errors.values():
            messages.error(request, text)
    except RegulationError as error:
        messages.error(request, str(error))
        return redirect("crm:import", job.pk)
    return redirect(f"{request.path}?step=columns")


def _mapping(request: SignedIn, width: int) -> dict[str, str]:
    chosen = {str(at): request.POST.get(f"column-{at}", "") for at in range(width)}
    return {at: code for at, code in chosen.items() if code}


def _owner(request: SignedIn) -> User:
    """Whoever the records are given to, of those one may give to; oneself otherwise."""
    asked = request.POST.get("owner")
    people = card.owners_for(request.user)
    return next((who for who in people if str(who.pk) == asked), request.user)


def _columns(request: SignedIn, job: Import, target: Target) -> HttpResponse:
    head = heads.Head.of(job)
    columns = [
        {
            "at": at,
            "heading": heading or report.letter(at),
            "sample": " · ".join(row[at] for row in head.sample if at < len(row) and row[at]),
            "code": job.mapping.get(str(at), ""),
        }
        for at, heading in enumerate(head.headings)
    ]
    context: dict[str, Any] = {
        **_common(job, target, "columns"),
        "columns": columns,
        "fields": [(code, field.label) for code, field in target.fields.items()],
        "table": head,
        "encodings": files.ENCODINGS,
        "delimiters": files.DELIMITERS.items(),
        "policies": _policies(target),
        "people": card.owners_for(request.user),
        "same": verbs.same_file(job),
        "twice": _twice(head.headings),
    }
    return render(request, "crm/import_columns.html", context)


def _twice(headings: list[str]) -> list[str]:
    """Headings that stand over several columns."""
    words = [targets.tidy(heading) for heading in headings if heading]
    return sorted({word for word in words if words.count(word) > 1})


def _policies(target: Target) -> list[tuple[str, str]]:
    if target.kind == targets.DEAL:
        return []
    policies = [(code, str(label)) for code, label in Import.Known.choices]
    if target.shape and target.shape.own and target.shape.own.unique_names:
        policies = [item for item in policies if item[0] != Import.Known.MAKE]
    return policies


def _common(job: Import, target: Target, step: str) -> dict[str, Any]:
    return {"job": job, "target": target, "step": step}


def _checked(request: SignedIn, job: Import, target: Target) -> HttpResponse:
    shown = [target.fields[code] for code in target.fields if code in job.mapping.values()]
    columns = {code: int(at) for at, code in job.mapping.items()}
    headings = heads.Head.of(job).headings
    wrong_only = "wrong" in request.GET
    rows = job.rows.order_by("number")
    if wrong_only:
        rows = rows.exclude(state=ImportRow.State.READY)
    owners = {str(person.pk): str(person) for person in card.owners_for(request.user)}
    found = report.numbers(job)
    will = found.ready + (0 if job.known == Import.Known.SKIP else found.known)
    lines: list[dict[str, Any]] = [
        {
            "row": row,
            "cells": [_preview(row, item, columns[item.code], owners) for item in shown],
            "said": report.said(row, headings),
        }
        for row in rows[:SHOWN]
    ]
    context = {
        **_common(job, target, "check"),
        "fields": shown,
        "lines": lines,
        "numbers": found,
        "will": will,
        "wrong_only": wrong_only,
        "may_export": request.user.may(rights.EXPORT),
        "policy": dict(Import.Known.choices).get(job.known, ""),
        "same": verbs.same_file(job),
        "is_garbled": any(files.is_garbled(" ".join(line["row"].cells)) for line in lines),
    }
    return render(request, "crm/import_check.html", context)


def _preview(row: ImportRow, item: Any, column: int, owners: dict[str, str]) -> dict[str, Any]:
    """A cell as it will be stored; where it is wrong, as it stands in the file."""
    if str(column) in row.problems:
        text = row.cells[column] if column < len(row.cells) else ""
        return {"text": text, "problem": row.problems[str(column)]}
    return {"text": report.in_words(item, row.values.get(item.code), owners), "problem": ""}


@login_required
@takes_out
@require_GET
def rows_report(request: SignedIn, pk: int) -> HttpResponseBase:
    """The rows that were not imported, as an XLSX: to be mended there and uploaded again."""
    job = find_import(request, pk)
    headings = heads.Head.of(job).headings
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        report.write(job, path, headings)
        # On Linux an open file outlives its name.
        opened = path.open("rb")
    return FileResponse(
        opened,
        as_attachment=True,
        filename="-".join((Path(job.name).stem, _("not-imported"))) + ".xlsx",
        content_type=xlsx.TYPE,
    )
