"""Tasks: a new one, its outcomes with their questions, done, postponed, changed, cancelled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django_htmx.http import retarget

from crm.card import page as card
from crm.forms import AnswersForm, AskForm, CancelForm, DueField, ResultForm, tomorrow
from crm.models import Company, Contact, Deal, Task
from crm.planning import tasks, times
from crm.planning.forms import PostponeForm, TaskForm, shown_of, start_of
from crm.planning.kinds import look_of
from crm.views.answers import SignedIn
from crm.views.replies import address, done, find_deal, me, refused, status_of, window
from pipelines import engine
from pipelines.errors import BadAnswer, MoveRefused, RegulationError
from pipelines.numbers import whole


@login_required
@require_GET
def show(request: SignedIn, pk: int) -> HttpResponse:
    """One task with what can be done about it: what the calendar and a reminder open."""
    task = find_task(request, pk)
    deals = Deal.objects.visible_to(request.user)
    context = {
        "task": task,
        "look": look_of(task.kind),
        "colour": times.colour_of(task, timezone.now()),
        "outcomes": tasks.task_outcomes(task, task.deal),
        "only_by_outcome": tasks.only_by_outcome(task, task.deal),
        "deal": task.deal if task.deal and deals.filter(pk=task.deal_id).exists() else None,
        "is_open": task.state == Task.State.OPEN,
        **window(request),
    }
    return render(request, "crm/task_show.html", context)


@login_required
def outcome(request: SignedIn, pk: int, code: str) -> HttpResponse:
    """An outcome of a task: its questions, the result, and whatever the regulation asks for on the way."""
    task = find_task(request, pk)
    scenario = next(
        (item for item in tasks.task_outcomes(task, task.deal) if item.code == code), None
    )
    if scenario is None or task.deal is None:
        gone = (
            tasks.TaskGone()
            if task.state != Task.State.OPEN
            else RegulationError(_("This task has no such outcome."))
        )
        return refused(request, task.deal, gone)
    form = AskForm(sent(request), auto_id="ask_%s")
    form.ask_scenario(scenario, task.deal)
    form.ask_fields(request.POST.getlist("code"), task.deal)
    form.ask_result(default=scenario.result)
    shown: dict[str, Any] = {
        "title": scenario.label,
        "subtitle": task.text,
        "action": request.path,
        "revision": task.revision,
    }
    if request.method != "POST":
        return _window(request, task.deal, form, **shown)
    try:
        # Whole or not at all, also where somebody else holds the transaction: a verb opens no savepoint.
        with transaction.atomic():
            tasks.choose_outcome(
                task,
                code,
                by=me(request),
                now=timezone.now(),
                answers=form.typed(request.POST),
                revision=_revision(request),
                next_task=form.next_task(),
                ask_next=form.SKIPPED not in request.POST,
            )
    except RegulationError as error:
        if isinstance(error, tasks.TaskGone):
            return refused(request, task.deal, error)
        if isinstance(error, tasks.NextTaskWanted) or "next_text" in request.POST:
            form.ask_next(due_at=tomorrow(timezone.now()))
            shown["may_skip"] = isinstance(error, tasks.NextTaskWanted)
        return ask_again(request, find_task(request, pk).deal, form, error, **shown)
    return done(request, task.deal, scenario.label)


def ask_again(
    request: SignedIn, deal: Any, form: AskForm, error: RegulationError, **shown: Any
) -> HttpResponse:
    """The same window with the refusals, the fields that would lift them, and the sentences at the fields."""
    refusals = error.refusals if isinstance(error, MoveRefused) else []
    # Only what the verb said counts: Django's own «required» would repeat it.
    form.full_clean()
    form.errors.clear()
    if isinstance(error, (MoveRefused, tasks.NextTaskWanted)):
        form.ask_fields(getattr(error, "fields", []), deal)
        # A field asked for only now was not answered: it shows what the deal holds, not an empty answer.
        if any(code not in request.POST for code in form.fields):
            form.data = request.POST.copy()
            for name in form.fields:
                if name not in request.POST and form.get_initial_for_field(
                    form.fields[name], name
                ) not in ("", False, None):
                    _put(form.data, name, form.get_initial_for_field(form.fields[name], name))
    if not isinstance(error, MoveRefused):
        form.take(error)
    codes = [*request.POST.getlist("code"), *getattr(error, "fields", [])]
    shown |= {"refusals": refusals, "codes": list(dict.fromkeys(codes))}
    return retarget(_window(request, deal, form, status=status_of(error), **shown), "#dialog")


def _put(data: Any, name: str, value: Any) -> None:
    data.setlist(name, value if isinstance(value, list) else [value])


def _window(
    request: SignedIn, deal: Any, form: AnswersForm, *, status: int = 200, **shown: Any
) -> HttpResponse:
    context = {"form": form, "deal": deal, "back": address(deal), **window(request), **shown}
    return render(request, "crm/task_ask.html", context, status=status)


@login_required
def new(request: SignedIn, pk: int) -> HttpResponse:
    """Set a task on a deal."""
    deal = find_deal(request, pk)
    return _new(request, deal, lambda: {"deal": _locked(deal)})


@login_required
def new_on_client(request: SignedIn, pk: int, kind: str) -> HttpResponse:
    """Set a task on a contact or a company."""
    found = (Contact if kind == "contact" else Company).objects.visible_to(request.user)
    record: Contact | Company = get_object_or_404(found, pk=pk)
    return _new(request, record, lambda: {kind: record})


@login_required
def new_free(request: SignedIn) -> HttpResponse:
    """Set a task on nothing in particular."""
    return _new(request, None, dict)


def _new(
    request: SignedIn,
    record: Deal | Contact | Company | None,
    on: Callable[[], dict[str, Any]],
) -> HttpResponse:
    if request.method == "GET" and isinstance(record, Deal):
        against = tasks.refusals_to_set(record, by=me(request), now=timezone.now())
        if against:
            in_card = request.htmx.target == "compose-task"
            context = {"refusals": against, "back": address(record), **window(request)}
            template = "crm/refusals.html" if in_card else "crm/task_refused.html"
            return render(request, template, context)
    people = card.owners_for(request.user)
    due_at, all_day = _asked_time(request, timezone.now())
    start = start_of(request.user, due_at, all_day=all_day)
    form = TaskForm(sent(request), people=people, initial=start, auto_id="new_%s")
    if request.method == "GET" and request.htmx.target == "compose-task":
        context = {"task_url": request.path, "form": form}
        return render(request, "crm/compose_task.html", context)

    def create() -> None:
        given, owner = form.cleaned_data, form.cleaned_data.get("owner") or request.user
        tasks.create_task(
            text=given["text"], kind=given["kind"], due_at=form.due_for(owner), all_day=given["all_day"], owner=owner,
            minutes=given["minutes"], remind_minutes=given["remind_minutes"] if form.reminds else tasks.AS_USUAL,
            by=me(request), now=timezone.now(), **on(),
        )  # fmt: skip

    return _form_view(
        request,
        record,
        form,
        create,
        said=_("The task is set."),
        title=_("New task"),
        submit=_("Set the task"),
    )


def _asked_time(request: SignedIn, now: datetime) -> tuple[datetime, bool]:
    """`?at=2026-03-10T15:00`, or a day alone, as a click into the calendar says it; tomorrow where nothing is said."""
    try:
        at = DueField().clean(request.GET.get("at", ""))
    except ValidationError:
        at = None
    if at is None or isinstance(at, datetime):
        return at or tomorrow(now), False
    return timezone.make_aware(datetime.combine(at, time(12))), True


def _locked(deal: Deal) -> Deal:
    """`create_task` writes the deal's next task: what is on the instance must be what stands in the row."""
    engine.lock(deal)
    return deal


@login_required
def finish(request: SignedIn, pk: int) -> HttpResponse:
    """Finish a task with a short result (AX-2.5)."""
    task = find_task(request, pk)
    form = ResultForm(sent(request), auto_id="done_%s")
    if tasks.is_last(task):
        form.ask_next(due_at=tomorrow(timezone.now()))
    return _form_view(
        request, about(task), form,
        lambda: tasks.complete_task(
            task, result=form.cleaned_data["result"], by=me(request), now=timezone.now(), revision=_revision(request),
            next_task=form.next_task(), ask_next=form.SKIPPED not in request.POST,
        ),
        said=_("Done."), title=_("Finish the task"), subtitle=task.text, submit=_("Done"), revision=task.revision,
    )  # fmt: skip


@login_required
def postpone(request: SignedIn, pk: int) -> HttpResponse:
    """Move a task to another time."""
    task = find_task(request, pk)
    start = shown_of(task) | {"due_at": tomorrow(timezone.now())}
    form = PostponeForm(sent(request), auto_id="postpone_%s", initial=start)
    return _form_view(
        request, about(task), form,
        lambda: tasks.postpone_task(
            task, due_at=form.due_for(task.owner), all_day=form.cleaned_data["all_day"], by=me(request),
            now=timezone.now(), revision=_revision(request),
        ),
        said=_("The task is moved."), title=_("Another time"), subtitle=task.text, submit=_("Postpone"), revision=task.revision,
    )  # fmt: skip


@login_required
def edit(request: SignedIn, pk: int) -> HttpResponse:
    """Change what is asked, by when and of whom."""
    task = find_task(request, pk)
    people = card.owners_for(request.user)
    form = TaskForm(sent(request), people=people, initial=shown_of(task), auto_id="edit_%s")

    def change() -> None:
        given, owner = form.cleaned_data, form.cleaned_data.get("owner") or task.owner
        tasks.edit_task(
            task, text=given["text"], kind=given["kind"], due_at=form.due_for(owner), all_day=given["all_day"], owner=owner,
            minutes=given["minutes"], remind_minutes=given["remind_minutes"] if form.reminds else tasks.KEEP,
            by=me(request), now=timezone.now(), revision=_revision(request) or 0,
        )  # fmt: skip

    return _form_view(
        request,
        about(task),
        form,
        change,
        said=_("Saved."),
        title=_("The task"),
        submit=_("Save"),
        revision=task.revision,
    )


@login_required
def cancel(request: SignedIn, pk: int) -> HttpResponse:
    """Take a task off."""
    task = find_task(request, pk)
    form = CancelForm(sent(request), auto_id="cancel_%s")
    if tasks.is_last(task):
        form.ask_next(due_at=tomorrow(timezone.now()))
    return _form_view(
        request, about(task), form,
        lambda: tasks.cancel_task(
            task, by=me(request), now=timezone.now(), reason=form.cleaned_data["reason"],
            next_task=form.next_task(), ask_next=form.SKIPPED not in request.POST,
        ),
        said=_("The task is cancelled."), title=_("Cancel the task"), subtitle=task.text, submit=_("Cancel the task"),
    )  # fmt: skip


def _form_view(
    request: SignedIn,
    record: Deal | Contact | Company | None,
    form: AnswersForm,
    verb: Callable[[], Any],
    *,
    said: str,
    **shown: Any,
) -> HttpResponse:
    """One form, one verb: the window, the window with errors, or the verb done."""
    shown["action"] = request.path
    if request.method != "POST":
        return _window(request, record, form, **shown)
    try:
        # A form sent empty is a form sent: `sent(request)` leaves it unbound.
        if not form.is_bound or not form.is_valid():
            raise BadAnswer({})
        with transaction.atomic():
            verb()
    except tasks.TaskGone as error:
        return refused(request, record, error)
    except RegulationError as error:
        if not form.errors:
            form.take(error)
        shown["may_skip"] = isinstance(error, tasks.NextTaskWanted)
        return _window(request, record, form, status=status_of(error), **shown)
    return done(request, record, said)


def find_task(request: SignedIn, pk: int) -> Task:
    """The task, if the person may see it; 404 for a stranger's."""
    found = Task.objects.visible_to(request.user)
    return get_object_or_404(found.select_related("deal", "owner", "contact", "company"), pk=pk)


def about(task: Task) -> Deal | Contact | Company | None:
    """What the task hangs on."""
    return task.deal or task.contact or task.company


def sent(request: SignedIn) -> Any:
    """What was posted; None where the form is only asked for (a form sent empty is a form sent)."""
    return request.POST if request.method == "POST" else None


def _revision(request: SignedIn) -> int | None:
    return whole(request.POST.get("revision"))
