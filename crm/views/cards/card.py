"""The deal's card and the small verbs on it: a field, the responsible, tags, an offer, the archive."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from crm import deals
from crm.card import feed_filter
from crm.card import fields as card_fields
from crm.card import page as card
from crm.card import rows as card_rows
from crm.card.editing import FieldsChanged, assign_seen, edit_seen
from crm.forms import AskForm
from crm.models import Deal
from crm.names import naming_rules
from crm.views.answers import SignedIn
from crm.views.cards.feed import shown
from crm.views.cards.owners import give
from crm.views.replies import done, find_deal, go, me, refused
from crm.views.tasks.task_dialogs import ask_again
from pipelines import catalog, engine, explain
from pipelines.errors import BadAnswer, MoveRefused, RegulationError
from pipelines.locking import check_right_to_edit
from pipelines.models import Offer


@login_required
@require_GET
def deal(request: SignedIn, pk: int) -> HttpResponse:
    """The whole card."""
    return page(request, find_deal(request, pk))


def page(request: SignedIn, deal: Deal, *, status: int = 200, **more: object) -> HttpResponse:
    asked = feed_filter.read(request.GET)
    read = card.read_card(deal, user=request.user, now=timezone.now(), asked=asked)
    context = {
        **shown(deal, asked, read.feed, read.pins),
        "may_pin": read.may_edit,
        "card": read,
        "deal": deal,
        "pipeline": read.pipeline,
        "stages": read.stages,
        "stood": stood_in_words(read.stood),
        **more,
    }
    if "answers" in more:
        context["why"] = SafeString(render_to_string("crm/card_why.html", context, request))
    # The body by Jinja2, the page around it by Django's templates.
    context["body"] = SafeString(render_to_string("crm/card_body.html", context, request))
    return render(request, "crm/card_page.html", context, status=status)


def stood_in_words(stood: dict[int, int]) -> dict[int, str]:
    """How long the deal stood on each stage that it has left."""
    days = {stage: seconds // 86_400 for stage, seconds in stood.items()}
    return {
        stage: ngettext("%(n)s day here", "%(n)s days here", n) % {"n": n}
        if n
        else _("less than a day here")
        for stage, n in days.items()
    }


@login_required
@require_POST
def field(request: SignedIn, pk: int) -> HttpResponse:
    """Save the fields that the form says it holds: one when it is left, a tab's all without JavaScript."""
    deal = find_deal(request, pk)
    pipeline, left = catalog.pipeline(deal.pipeline_id), deal.stage_id
    answers, seen = card_fields.posted(pipeline, request.POST)
    try:
        if request.POST.get("overwrite"):
            seen = {}
        edit_seen(deal, answers, seen=seen, by=me(request), now=timezone.now())
    except RegulationError as error:
        return _not_saved(request, find_deal(request, pk), list(answers), error)
    if not request.htmx:
        return done(request, deal, _("Saved."))
    deal = find_deal(request, pk)
    if deal.stage_id != left:
        # A rule has moved the deal on: the whole card is another one now.
        said = _("“%(deal)s” is on the stage “%(stage)s”.")
        return done(
            request, deal, said % {"deal": deal.name, "stage": catalog.stage(deal.stage_id).name}
        )
    return _fields(request, deal, list(answers), saved=True)


def _not_saved(
    request: SignedIn, deal: Deal, codes: list[str], error: RegulationError
) -> HttpResponse:
    """The same fields with what was typed, and at each what stands against it."""
    if not request.htmx or not isinstance(error, (BadAnswer, FieldsChanged)):
        return refused(request, deal, error)
    return _fields(request, deal, codes, error=error)


def _fields(
    request: SignedIn,
    deal: Deal,
    codes: list[str],
    *,
    saved: bool = False,
    error: RegulationError | None = None,
) -> HttpResponse:
    pipeline = catalog.pipeline(deal.pipeline_id)
    editors = card_fields.editors(deal, pipeline, codes, typed=None if saved else request.POST)
    for editor in editors.values():
        editor.saved = saved
        if isinstance(error, BadAnswer):
            editor.error = error.errors.get(editor.field.code, "")
        if isinstance(error, FieldsChanged):
            editor.conflict = next(
                (item for item in error.conflicts if item.code == editor.field.code), None
            )
    context = {"editors": editors.values(), "deal": deal, "pipeline": pipeline, "may_edit": True}
    if saved and "name" in codes:
        context["names"] = naming_rules.hints_of(deal, pipeline)
    if saved:
        now = timezone.now()
        stages = explain.stage_answers(deal, user=request.user, now=now)
        context["stages"], context["ahead"] = stages, (ahead := card.next_stage(stages))
        context["stood"] = stood_in_words(card_rows.stood_on(deal))
        context["tasks_ahead"] = (
            list(deal.tasks.filter(state="open").order_by("due_at")[: card.TASK_LIMIT])
            if ahead
            else []
        )
    status = 200 if saved else 409 if isinstance(error, FieldsChanged) else 422
    response = render(request, "crm/card_saved.html", context, status=status)
    return trigger_client_event(response, "feed:changed", {}) if saved else response


@login_required
@require_POST
def owner(request: SignedIn, pk: int) -> HttpResponse:
    """Give the deal to another person, among those whom one may give it to."""
    return give(request, find_deal(request, pk), assign_seen)


@login_required
@require_POST
def tags(request: SignedIn, pk: int) -> HttpResponse:
    """Put a tag on, or take one off."""
    deal = find_deal(request, pk)
    try:
        check_right_to_edit(deal, catalog.pipeline(deal.pipeline_id), me(request))
        deals.tag_deal(
            deal,
            add=request.POST.getlist("add"),
            remove=request.POST.getlist("remove"),
            by=me(request),
            now=timezone.now(),
        )
    except RegulationError as error:
        return refused(request, deal, error)
    return done(request, deal)


@login_required
@require_POST
def archive(request: SignedIn, pk: int) -> HttpResponse:
    """Take the deal out of the lists."""
    deal = find_deal(request, pk)
    try:
        deals.archive_deal(deal, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, deal, error)
    return go(request, reverse("crm:board"))


@login_required
@require_GET
def why(request: SignedIn, pk: int) -> HttpResponse:
    """Which rules ran on the deal, which wait, and why the others did not run."""
    deal = find_deal(request, pk)
    now = timezone.now()
    found: dict[str, Any] = {
        "answers": explain.rule_answers(deal, user=request.user, now=now),
        "refusals": explain.task_refusals(deal, user=request.user, now=now),
    }
    if request.htmx:
        return render(request, "crm/card_why.html", {"deal": deal, **found})
    return page(request, deal, **found)


@login_required
@require_POST
def take(request: SignedIn, pk: int) -> HttpResponse:
    """Accept what the system offers; where the regulation asks for fields first, the form with exactly them."""
    offer = get_object_or_404(Offer, pk=pk, deal__in=Deal.objects.visible_to(request.user))
    deal = find_deal(request, offer.deal_id)
    form = AskForm(
        request.POST, auto_id="offer_%s", initial=dict(offer.params.get("answers") or {})
    )
    form.ask_fields(request.POST.getlist("code"), deal)
    try:
        with transaction.atomic():
            engine.take(offer, by=me(request), now=timezone.now(), answers=form.typed(request.POST))
    except (MoveRefused, BadAnswer) as error:
        return _ask_for_offer(request, find_deal(request, deal.pk), offer, form, error)
    except RegulationError as error:
        return refused(request, deal, error)
    return done(request, deal, offer.text)


def _ask_for_offer(
    request: SignedIn, deal: Deal, offer: Offer, form: AskForm, error: RegulationError
) -> HttpResponse:
    return ask_again(
        request,
        deal,
        form,
        error,
        title=offer.text,
        action=reverse("crm:offer_take", args=[offer.pk]),
    )
