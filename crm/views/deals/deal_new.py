"""«+ New deal»: a deal with its contact and company in one form, as a window or as a page (AX-L6)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from crm import deals, visibility
from crm.board import reading
from crm.card import fields as card_fields
from crm.card import page as card
from crm.clients import people
from crm.forms import NewDealForm
from crm.intake import duplicates, policies
from crm.models import Company, Contact, Deal, User
from crm.names import naming, naming_rules
from crm.views.answers import SignedIn
from crm.views.cards.contacts import same_points, typed_keys
from crm.views.replies import address, go, me, status_of
from crm.views.tasks.task_dialogs import sent
from pipelines.catalog import CompiledPipeline, CompiledStage
from pipelines.errors import BadAnswer, RegulationError
from pipelines.numbers import whole

# How many of the regulation's fields a new deal is asked for: more belongs into the card.
ASKED = 4


@login_required
def deal_new(request: SignedIn) -> HttpResponse:
    """The form; posted, the deal with whom it is with, in one transaction."""
    pipeline = _pipeline(request)
    form = NewDealForm(
        sent(request),
        people=card.owners_for(request.user),
        initial={"owner": str(request.user.pk), **_asked_for(request)},
        auto_id="deal_%s",
    )
    if request.method != "POST" or request.GET.get("part"):
        return _form(request, pipeline, form)
    form.is_valid()
    if not request.POST.get("another") and (known := _known(request, pipeline, form)):
        return _form(request, pipeline, form, **known, status=409)
    try:
        deal = create(request, pipeline, form)
    except RegulationError as error:
        form.take(error)
        extra = error.errors if isinstance(error, BadAnswer) else {}
        return _form(request, pipeline, form, errors=extra, status=status_of(error))
    return go(request, address(deal))


def _asked_for(request: SignedIn) -> dict[str, str]:
    """What a link to the form brings along: the number of who calls."""
    return {name: request.GET.get(name, "")[:100] for name in ("phone", "email")}


def _known(request: SignedIn, pipeline: CompiledPipeline, form: NewDealForm) -> dict[str, Any]:
    """Records with what was typed, to be chosen instead of a new one; and whose client it is, where that is no refusal."""
    found: dict[str, Any] = {}
    if not _chosen(request, "contact") and (contacts := same_points(request, form)):
        found["known"] = contacts
    typed = duplicates.tidy_tax_id(form.cleaned_data.get("tax_id", ""))
    if not _chosen(request, "company") and typed:
        visible = Company.objects.visible_to(request.user)
        if companies := list(visible.filter(tax_id=typed)[:5]):
            found["known_companies"] = companies
    if not policies.one_manager(pipeline):
        keys = typed_keys(form.cleaned_data, tax_id=typed)
        if taken := duplicates.taken_by(keys, owner=request.user, user=request.user):
            found["taken"] = taken
    return found


@transaction.atomic
def create(request: SignedIn, pipeline: CompiledPipeline, form: NewDealForm) -> Deal:
    """Contact, company and deal, or none of them. All that is wrong is said at once. Errors: BadAnswer, MoveRefused."""
    by, now = me(request), timezone.now()
    errors: dict[str, str] = {}
    given = {name: form.cleaned_data.get(name, "") for name in form.fields}
    owner = User.objects.get(pk=given["owner"]) if given.get("owner") else request.user
    company = contact = None
    for record, name in ((naming.CONTACT, "contact_name"), (naming.COMPANY, "company_name")):
        given[name] = naming_rules.corrected(record, given[name], pipeline)
    try:
        company = _company(
            request, given["company_name"], given["tax_id"], by=by, now=now, owner=owner
        )
    except BadAnswer as error:
        errors |= {"company_name": next(iter(error.errors.values()))}
    try:
        contact = _contact(request, given, by=by, now=now, owner=owner, company=company)
    except BadAnswer as error:
        errors |= error.errors
    answers = {"name": given["name"], "budget": given["budget"]} | _extra(request, pipeline)
    try:
        # A trial on a deal that is never saved, so that its errors stand beside those of the contact.
        Deal(pipeline_id=pipeline.id, contact=contact, company=company).fill(
            answers, by=by, now=now
        )
    except BadAnswer as error:
        errors |= error.errors
    if errors or form.errors:
        raise BadAnswer(errors)
    return deals.open_deal(
        pipeline=pipeline, stage=_stage(request, pipeline), owner=owner, contact=contact, company=company, by=by, now=now,
        name=answers.pop("name"), answers=answers,
    )  # fmt: skip


def _stage(request: SignedIn, pipeline: CompiledPipeline) -> CompiledStage | None:
    """The stage whose «+» was pressed; the starting one where none was, or where it has nothing to do with the pipeline."""
    stage = pipeline.stage_by_code.get(request.POST.get("stage") or request.GET.get("stage", ""))
    return stage if stage is not None and reading.may_open(request.user, stage) else None


def _company(request: SignedIn, name: str, tax_id: str, **facts: Any) -> Company | None:
    if chosen := _chosen(request, "company"):
        return get_object_or_404(Company.objects.visible_to(request.user), pk=chosen)
    if not (name.strip() or tax_id.strip()):
        return None
    return people.create_company(name=name, tax_id=tax_id, **facts)


def _contact(request: SignedIn, given: dict[str, Any], **facts: Any) -> Contact | None:
    if chosen := _chosen(request, "contact"):
        return get_object_or_404(Contact.objects.visible_to(request.user), pk=chosen)
    if not any(given[name].strip() for name in ("contact_name", "phone", "email")):
        return None
    return people.create_contact(
        name=given["contact_name"], phone=given["phone"], email=given["email"], **facts
    )


def _chosen(request: SignedIn, kind: str) -> int | None:
    return whole(request.POST.get(kind))


def _form(
    request: SignedIn,
    pipeline: CompiledPipeline,
    form: NewDealForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        "form": form,
        "pipeline": pipeline,
        "pipelines": visibility.pipelines_of(request.user),
        "stage": _stage(request, pipeline),
        "editors": _editors(request, pipeline, more.get("errors", {})),
        "contact": _record(request, Contact, "contact"),
        "company": _record(request, Company, "company"),
        "base": "crm/task_window.html" if request.htmx else "crm/task_page.html",
        **more,
    }
    page = "crm/deal_new_fields.html" if request.GET.get("part") else "crm/deal_new.html"
    return render(request, page, context, status=status)


def _editors(
    request: SignedIn, pipeline: CompiledPipeline, errors: dict[str, str]
) -> list[card_fields.Editor]:
    """The first fields of the regulation, with what was typed."""
    blank = Deal(pipeline_id=pipeline.id)
    made = card_fields.editors(blank, pipeline, asked(pipeline), typed=sent(request))
    for code, editor in made.items():
        editor.error = errors.get(code, "")
    return list(made.values())


def asked(pipeline: CompiledPipeline) -> list[str]:
    """What one knows of a lead at once: the lists of the first tab, and where it came from."""
    own = [
        field for field in pipeline.fields.values() if not field.built_in and field.record == "deal"
    ]
    first = [field.code for field in own if field.tab == own[0].tab and field.type == "choice"]
    source = [field.code for field in own if field.code == "source"]
    return list(dict.fromkeys([*first[: ASKED - 1], *source]))


def _extra(request: SignedIn, pipeline: CompiledPipeline) -> dict[str, Any]:
    answers, _seen = card_fields.posted(pipeline, request.POST)
    return {code: value for code, value in answers.items() if code in asked(pipeline)}


def _record(request: SignedIn, model: Any, kind: str) -> Any:
    """The contact or company chosen before the form came back."""
    pk = whole((request.POST or request.GET).get(kind))
    return model.objects.visible_to(request.user).filter(pk=pk).first() if pk else None


def _pipeline(request: SignedIn) -> CompiledPipeline:
    """The pipeline named, by default the first."""
    code = request.POST.get("pipeline") or request.GET.get("pipeline")
    for pipeline in visibility.pipelines_of(request.user):
        if code in (None, "", pipeline.code):
            return pipeline
    raise Http404
