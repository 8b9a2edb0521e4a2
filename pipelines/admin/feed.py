"""The feed and the passages of deals, to look things up."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from pipelines import catalog, registry
from pipelines.models import Event, StageChange

from .access import LogAdmin
from .definitions import verb_choices
from .readable import line, table
from .search import DealSearch


class VerbFilter(admin.SimpleListFilter):
    title = gettext_lazy("event")
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return verb_choices()

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(verb=self.value()) if self.value() else queryset


def _pipeline(event: Event) -> catalog.CompiledPipeline | None:
    try:
        return catalog.pipeline(event.deal.pipeline_id) if event.deal else None
    except KeyError:
        return None


@admin.register(Event)
class EventAdmin(DealSearch, LogAdmin):
    list_display = ("at", "what", "deal", "author", "said")
    list_display_links = ("at", "what")
    list_filter = (VerbFilter,)
    list_select_related = ("deal", "actor", "rule")
    ordering = ("-id",)
    fields = ("at", "what", "deal", "contact", "company", "author", "content", "cause")
    readonly_fields = fields

    class Media:
        css = {"all": ("admin_rules/editor.css",)}

    @admin.display(description=gettext_lazy("event"))
    def what(self, event: Event) -> str:
        verb = registry.verbs.get(event.verb)
        return str(verb.label) if verb else event.verb

    @admin.display(description=gettext_lazy("author"))
    def author(self, event: Event) -> str:
        who = str(event.actor) if event.actor else str(gettext_lazy("the system"))
        return f"{who} ({event.rule.clause})" if event.rule else who

    @admin.display(description=gettext_lazy("content"))
    def said(self, event: Event) -> str:
        return line(event.data, _pipeline(event))

    @admin.display(description=gettext_lazy("content"))
    def content(self, event: Event) -> str:
        return table(event.data, _pipeline(event))


@admin.register(StageChange)
class StageChangeAdmin(DealSearch, LogAdmin):
    plural = gettext_lazy("passages of stages")
    list_display = ("at", "deal", "from_stage", "to_stage", "actor", "stayed_for")
    list_filter = ("to_stage__pipeline", "to_stage")
    list_select_related = ("deal", "from_stage", "to_stage", "event__actor")
    ordering = ("-id",)
    fields = ("at", "deal", "from_stage", "to_stage", "actor", "stayed_for")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("person"))
    def actor(self, change: StageChange) -> str:
        return str(change.event.actor or gettext_lazy("the system"))

    @admin.display(description=gettext_lazy("stood before"))
    def stayed_for(self, change: StageChange) -> str:
        if change.stayed is None:
            return "—"
        from pipelines.clock import Duration
        from pipelines.saying import say_duration

        # Clocks of two servers may differ: a stay of less than nothing is one of no time.
        minutes = max(0, int(change.stayed.total_seconds() // 60))
        days, rest = divmod(minutes, 1440)
        hours, minutes = divmod(rest, 60)
        if not (days or hours or minutes):
            return str(gettext_lazy("less than a minute"))
        return say_duration(Duration(days=days, hours=hours, minutes=0 if days else minutes))
