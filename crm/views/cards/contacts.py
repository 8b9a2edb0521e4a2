"""The deal's contact and company: found, made, changed, attached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from crm import deals
from crm.clients import people
from crm.clients.points import normalize_email, normalize_phone
from crm.filters.text import PHONE_PART
from crm.forms import AnswersForm, CompanyEditForm, CompanyForm, PersonForm
from crm.intake import duplicates
from crm.lookups import SHORT, name_has, one_of
from crm.models import Company, Contact, ContactPoint, Deal
from crm.names import naming, naming_rules
from crm.views.answers import SignedIn
from crm.views.replies import done, find_deal, me, status_of, window
from crm.views.tasks.task_dialogs import sent
from pipelines import catalog
from pipelines.errors import BadAnswer, RegulationError
from pipelines.numbers import whole

FOUND_LIMIT = 8
MODELS: dict[str, Any] = {"contact": Contact, "company": Company}


@login_required
def edit_contact(request: SignedIn, pk: int) -> HttpResponse:
    """Change a contact's name, phone and e-mail."""
    contact = get_object_or_404(
        Contact.objects.visible_to(request.user).prefetch_related("points"), pk=pk
    )
    start = {"name": contact.name, "phone": contact.point("phone"), "email": contact.point("email")}
    form = PersonForm(sent(request), initial=start, auto_id="person_%s")
    shown: dict[str, Any] = {"title": _("The contact"), "submit": _("Save"), "action": request.path}
    shown["live"] = {"record": naming.CONTACT, "of": contact.pk, "input": "person_name"}
    if request.method == "POST":
        try:
            check(form)
            named = _named(form)
            named["name"] = naming_rules.corrected(
                naming.CONTACT,
                named["name"],
                naming_rules.pipeline_of(contact),
                before=contact.name,
            )
            people.edit_contact(contact, by=me(request), now=timezone.now(), **named)
        except RegulationError as error:
            form.take(_at(error, contact_name="name"))
            return _window(request, form, status=status_of(error), **shown)
        return done(request, None, _("Saved."), back=_deal_of(request, contact=contact))
    return _window(request, form, **shown)


@login_required
def edit_company(request: SignedIn, pk: int) -> HttpResponse:
    """Change a company: its name, tax number, site, phone and e-mail."""
    company = get_object_or_404(
        Company.objects.visible_to(request.user).prefetch_related("points"), pk=pk
    )
    start = {
        name: getattr(company, name) for name in ("name", "tax_id", "site", "name_is_statutory")
    }
    start |= {"phone": company.point("phone"), "email": company.point("email")}
    form = CompanyEditForm(sent(request), initial=start, auto_id="company_%s")
    shown: dict[str, Any] = {"title": _("The company"), "submit": _("Save"), "action": request.path}
    also = "#company_name_is_statutory"
    shown["live"] = {
        "record": naming.COMPANY,
        "of": company.pk,
        "input": "company_name",
        "also": also,
    }
    if request.method == "POST":
        try:
            check(form)
            answers = dict(form.cleaned_data)
            if not answers["name_is_statutory"]:
                answers["name"] = naming_rules.corrected(
                    naming.COMPANY,
                    answers["name"],
                    naming_rules.pipeline_of(company),
                    before=company.name,
                )
            people.edit_company(company, by=me(request), now=timezone.now(), **answers)
        except RegulationError as error:
            form.take(_at(error, contact_name="name", company="name"))
            return _window(request, form, status=status_of(error), **shown)
        return done(request, None, _("Saved."), back=_deal_of(request, company=company))
    return _window(request, form, **shown)


@login_required
def attach(request: SignedIn, pk: int, kind: str) -> HttpResponse:
    """Give the deal a contact or a company: one that we know, or a new one."""
    deal = find_deal(request, pk)
    if kind not in MODELS:
        return HttpResponse(status=404)
    form = (PersonForm if kind == "contact" else CompanyForm)(sent(request), auto_id="person_%s")
    if request.method == "POST":
        try:
            check(form)
            _attach(request, deal, kind, form)
        except RegulationError as error:
            form.take(_at(error, contact_name="name", company="name"))
            return _attach_window(
                request, find_deal(request, pk), kind, form, status=status_of(error)
            )
        return done(request, deal, _("Saved."))
    return _attach_window(request, deal, kind, form)


@transaction.atomic
def _attach(request: SignedIn, deal: Deal, kind: str, form: AnswersForm) -> None:
    by, now = me(request), timezone.now()
    record = None
    if (chosen := whole(request.POST.get("chosen"))) is not None:
        record = get_object_or_404(MODELS[kind].objects.visible_to(request.user), pk=chosen)
    elif not request.POST.get("detach"):
        create = people.create_contact if kind == "contact" else people.create_company
        pipeline = catalog.pipeline(deal.pipeline_id)
        name = naming_rules.corrected(kind, form.cleaned_data["name"], pipeline)
        record = create(by=by, now=now, owner=deal.owner, **form.cleaned_data | {"name": name})
    linked = {"contact": deal.contact, "company": deal.company} | {kind: record}
    deals.link_people(deal, by=by, now=now, **linked)


def _attach_window(
    request: SignedIn, deal: Deal, kind: str, form: AnswersForm, *, status: int = 200
) -> HttpResponse:
    title = _("The deal's contact") if kind == "contact" else _("The deal's company")
    known = same_records(request, form, kind) if form.is_bound else []
    shown = {
        "title": title,
        "submit": _("Create and attach"),
        "action": request.path,
        "kind": kind,
        "deal": deal,
        "known": known,
    }
    return _window(request, form, status=status, template="crm/card_attach.html", **shown)


@login_required
@require_GET
def found(request: SignedIn, kind: str) -> HttpResponse:
    """Contacts or companies that the typed text fits, as a list to choose from."""
    if kind not in MODELS:
        return HttpResponse(status=404)
    text = next(
        (
            value.strip()
            for key in ("name", "contact_name", "company_name", "phone", "email")
            if (value := request.GET.get(key, ""))
        ),
        "",
    )
    records = (
        look_for(MODELS[kind].objects.visible_to(request.user), text) if len(text) >= 2 else []
    )
    taken = duplicates.taken_by(typed_keys(request.GET), owner=request.user, user=request.user)
    shown = {"records": records, "kind": kind, "text": text, "taken": taken}
    return render(request, "crm/card_found.html", shown)


def look_for(records: QuerySet[Any], text: str) -> list[Any]:
    """Records whose name holds the text, or one of whose phones or e-mails does."""
    text = text.replace("\x00", "")[:100]
    digits = "".join(filter(str.isdigit, text))
    wanted = name_has(text)
    if len(part := digits if len(digits) >= PHONE_PART else text.lower()) >= SHORT:
        of = "contact_id" if records.model is Contact else "company_id"
        points = ContactPoint.objects.filter(value__contains=part, **{f"{of}__isnull": False})
        wanted |= Q(one_of("id", points.order_by().values(of)))
    return list(records.filter(wanted).prefetch_related("points")[:FOUND_LIMIT])


def same_points(request: SignedIn, form: AnswersForm) -> list[Contact]:
    """Contacts whom the person may see and who have the typed phone or e-mail already."""
    values = []
    for name, normalize in (("phone", normalize_phone), ("email", normalize_email)):
        raw = request.POST.get(name, "")
        try:
            values += [normalize(raw)] if raw.strip() else []
        except ValueError:
            continue
    if not values:
        return []
    points = ContactPoint.objects.filter(value__in=values, contact__isnull=False)
    return list(
        Contact.objects.visible_to(request.user)
        .filter(points__in=points)
        .prefetch_related("points")
        .distinct()[:5]
    )


def same_records(request: SignedIn, form: AnswersForm, kind: str) -> list[Any]:
    """Contacts, or companies, whom the person may see and who have what was typed: a phone, an e-mail, a tax number."""
    if kind == "contact":
        return list(same_points(request, form))
    keys = typed_keys(request.POST, tax_id=duplicates.tidy_tax_id(request.POST.get("tax_id", "")))
    known = {company.pk for company in duplicates.find(keys).companies}
    return list(Company.objects.visible_to(request.user).filter(pk__in=known)[:5]) if known else []


def typed_keys(typed: Mapping[str, Any], *, tax_id: str = "") -> duplicates.Keys:
    """The typed phone and e-mail as they would be stored; what is none is passed over, the verb says so."""
    points = set()
    for kind, normalize in (("phone", normalize_phone), ("email", normalize_email)):
        try:
            points.add((kind, normalize(typed.get(kind) or "")))
        except ValueError:
            continue
    return duplicates.Keys(frozenset(points), tax_id)


def check(form: AnswersForm) -> None:
    """Errors: BadAnswer for what the form itself refuses (a zero byte, say); its sentences stand there already."""
    if not form.is_valid():
        raise BadAnswer({})


def _window(
    request: SignedIn,
    form: AnswersForm,
    *,
    status: int = 200,
    template: str = "crm/task_ask.html",
    **shown: Any,
) -> HttpResponse:
    return render(request, template, {"form": form, **window(request), **shown}, status=status)


def _named(form: AnswersForm) -> dict[str, str]:
    return {name: form.cleaned_data.get(name, "") for name in ("name", "phone", "email")}


def _at(error: RegulationError, **places: str) -> RegulationError:
    """The verb's names of fields as the form calls them."""
    if errors := getattr(error, "errors", None):
        error.errors = {places.get(code, code): text for code, text in errors.items()}  # type: ignore[attr-defined]
    return error


def _deal_of(request: SignedIn, **link: Any) -> str:
    """The newest deal of the record that the person sees: where one was before."""
    found = Deal.objects.visible_to(request.user).filter(**link).order_by("-pk").first()
    return f"/deals/{found.pk}/" if found else "/"
