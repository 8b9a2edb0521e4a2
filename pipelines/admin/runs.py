"""What rules did, what failed and what is due: to look at, to run again, not to edit."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from pipelines import engine
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.models import RuleRun, Timer
from pipelines.rule_words import RuleLine

from .access import LogAdmin
from .definitions import compiled
from .readable import line, table
from .search import DealSearch

FAILED = (RuleRun.Status.FAILED, RuleRun.Status.LOOPED)
COLOURS = {"ok": "green", "skipped": "grey", "failed": "red", "looped": "red"}


def _plain(error: str) -> str:
    """The sentence alone where the error is one of ours, made for people."""
    return error.removeprefix("RegulationError: ")


class RunFilter(admin.SimpleListFilter):
    """What is to be looked at comes first: it is what one sees without choosing, and has an index of its own."""

    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*RuleRun.Status.choices, ("all", gettext_lazy("all"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RuleRun]) -> QuerySet[RuleRun]:
        match self.value():
            case None:
                return queryset.filter(status__in=FAILED)
            case "all":
                return queryset
            case status:
                return queryset.filter(status=status)

    def choices(self, changelist: Any) -> Any:
        for number, choice in enumerate(super().choices(changelist)):
            yield choice | ({"display": _("to be looked at")} if number == 0 else {})


@admin.register(RuleRun)
class RuleRunAdmin(DealSearch, LogAdmin):
    list_display = ("at", "state", "clause", "what", "deal", "outcome")
    list_display_links = ("at",)
    list_filter = (RunFilter, "rule__pipeline", "rule__stage")
    list_select_related = ("rule__pipeline__schedule", "rule__stage", "rule__scenario", "deal")
    ordering = ("-at",)
    search_fields = ("rule__clause", "deal__id")
    actions = ("retry",)
    fields = (
        "state",
        "rule_in_words",
        "deal",
        "at",
        "occasion",
        "error_text",
        "seen",
        "done",
        "cause",
    )
    readonly_fields = fields
    change_form_template = "admin/pipelines/run.html"

    class Media:
        css = {"all": ("admin_rules/editor.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleRun]:
        return super().get_queryset(request).prefetch_related("rule__conditions")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.retry_one)
        return [
            path("<int:number>/retry/", view, name="pipelines_rulerun_retry"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, run: RuleRun) -> str:
        return format_html(
            '<span class="pill pill-{}">{}</span>', COLOURS[run.status], run.get_status_display()
        )

    @admin.display(description=gettext_lazy("clause"), ordering="rule__clause")
    def clause(self, run: RuleRun) -> str:
        return run.rule.clause

    @admin.display(description=gettext_lazy("rule"))
    def what(self, run: RuleRun) -> str:
        return RuleLine(run.rule, compiled(run.rule.pipeline)).what

    @admin.display(description=gettext_lazy("what came of it"))
    def outcome(self, run: RuleRun) -> str:
        said = _plain(run.error) or line(run.result, compiled(run.rule.pipeline))
        return f"{said[:200]}…" if len(said) > 200 else said

    @admin.display(description=gettext_lazy("rule"))
    def rule_in_words(self, run: RuleRun) -> str:
        said = RuleLine(run.rule, compiled(run.rule.pipeline))
        return format_html("<b>{}</b> {} {} {}", run.rule.clause, said.when, said.effect, said.what)

    @admin.display(description=gettext_lazy("error"))
    def error_text(self, run: RuleRun) -> str:
        return _plain(run.error) or "—"

    @admin.display(description=gettext_lazy("values it saw"))
    def seen(self, run: RuleRun) -> str:
        return table(run.values, compiled(run.rule.pipeline))

    @admin.display(description=gettext_lazy("result"))
    def done(self, run: RuleRun) -> str:
        return table(run.result, compiled(run.rule.pipeline))

    @admin.action(description=gettext_lazy("Run again what failed"), permissions=["view"])
    def retry(self, request: HttpRequest, queryset: QuerySet[RuleRun]) -> None:
        done = sum(
            self._retry(request, run) for run in queryset.select_related("rule", "deal", "cause")
        )
        if done:
            said = ngettext("%(number)s rule has run.", "%(number)s rules have run.", done)
            self.message_user(request, said % {"number": done}, messages.SUCCESS)

    @method_decorator(require_POST)
    def retry_one(self, request: HttpRequest, number: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = get_object_or_404(RuleRun.objects.select_related("rule", "deal", "cause"), pk=number)
        if self._retry(request, run):
            self.message_user(request, _("The rule has run."), messages.SUCCESS)
        return redirect("admin:pipelines_rulerun_changelist")

    def _retry(self, request: HttpRequest, run: RuleRun) -> bool:
        """Whether the rule has now run; why not is told at once."""
        try:
            again = engine.retry(run, by=Actor.person(request.user), now=timezone.now())
            error = again.error if again.status in FAILED else ""
            if not error:
                return True
        except (RegulationError, KeyError) as refused:
            # KeyError: the deal's pipeline is switched off.
            error = (
                str(refused)
                if isinstance(refused, RegulationError)
                else _("its pipeline is switched off")
            )
        except RuleRun.DoesNotExist:
            error = _("somebody has already run it again")
        said = _("%(clause)s on “%(deal)s” did not run: %(error)s")
        words = {"clause": run.rule.clause, "deal": run.deal, "error": error}
        self.message_user(request, said % words, messages.ERROR)
        return False


@admin.register(Timer)
class TimerAdmin(DealSearch, LogAdmin):
    list_display = ("due_at", "state", "clause", "what", "deal", "ended_at")
    list_filter = ("state", "rule__pipeline", "rule__stage")
    list_select_related = ("rule__pipeline__schedule", "rule__stage", "rule__scenario", "deal")
    ordering = ("due_at",)
    search_fields = ("rule__clause", "deal__id")
    actions = ("fire_now",)
    fields = ("deal", "rule_in_words", "due_at", "state", "ended_at", "occasion")
    readonly_fields = fields
    change_form_template = "admin/pipelines/run.html"

    class Media:
        css = {"all": ("admin_rules/editor.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Timer]:
        return super().get_queryset(request).prefetch_related("rule__conditions")

    @admin.display(description=gettext_lazy("clause"), ordering="rule__clause")
    def clause(self, timer: Timer) -> str:
        return timer.rule.clause

    @admin.display(description=gettext_lazy("rule"))
    def what(self, timer: Timer) -> str:
        return RuleLine(timer.rule, compiled(timer.rule.pipeline)).what

    @admin.display(description=gettext_lazy("rule"))
    def rule_in_words(self, timer: Timer) -> str:
        said = RuleLine(timer.rule, compiled(timer.rule.pipeline))
        return format_html(
            "<b>{}</b> {} {} {}", timer.rule.clause, said.when, said.effect, said.what
        )

    @admin.action(description=gettext_lazy("Fire now"), permissions=["view"])
    def fire_now(self, request: HttpRequest, queryset: QuerySet[Timer]) -> None:
        """Marks them due and lets the engine do what a tick does; what it does not reach, the next tick will."""
        now = timezone.now()
        chosen = list(queryset.filter(state=Timer.State.ARMED).values_list("pk", flat=True))
        if not chosen:
            self.message_user(request, _("None of these waits any more."), messages.WARNING)
            return
        Timer.objects.filter(pk__in=chosen, state=Timer.State.ARMED).update(due_at=now)
        engine.fire_due(now)
        fired = Timer.objects.filter(pk__in=chosen, state=Timer.State.FIRED).count()
        waiting = Timer.objects.filter(pk__in=chosen, state=Timer.State.ARMED).count()
        void = len(chosen) - fired - waiting
        if fired:
            said = ngettext("%(number)s timer has fired.", "%(number)s timers have fired.", fired)
            self.message_user(request, said % {"number": fired}, messages.SUCCESS)
        if waiting:
            said = ngettext(
                "%(number)s timer is due now and fires in a few seconds.",
                "%(number)s timers are due now and fire in a few seconds.",
                waiting,
            )
            self.message_user(request, said % {"number": waiting}, messages.INFO)
        if void:
            said = ngettext(
                "%(number)s timer no longer applied and was cancelled.",
                "%(number)s timers no longer applied and were cancelled.",
                void,
            )
            self.message_user(request, said % {"number": void}, messages.WARNING)
