"""Editions: what changed, when and by whom; the way back to any of them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipelines import playbook
from pipelines.errors import PlaybookError
from pipelines.models import Edition, Pipeline

from .access import ReadOnlyAccess

SHOWN = 10


def before(edition: Edition) -> Edition | None:
    return Edition.objects.filter(pipeline=edition.pipeline_id, number__lt=edition.number).first()


def draw_diff(lines: list[str]) -> SafeString:
    """Changed lines in colours; a sentence where there are none."""
    if not lines:
        return format_html('<p class="rule-none">{}</p>', _("No difference."))
    kinds = {"+": "new", "-": "old", "@": "gap"}
    drawn = ((kinds.get(line[:1], "same"), "…" if line.startswith("@") else line) for line in lines)
    return format_html(
        '<div class="diff">{}</div>',
        format_html_join("", '<div class="diff-{}">{}</div>', drawn),
    )


def latest(pipeline: Pipeline) -> list[dict[str, Any]]:
    """The newest editions, each with its difference from the one before; one query."""
    rows = list(pipeline.editions.select_related("author")[: SHOWN + 1])
    shown = []
    for number, row in enumerate(rows[:SHOWN]):
        older = rows[number + 1] if number + 1 < len(rows) else None
        lines = playbook.diff(older.text, row.text) if older else []
        changed = sum(line[:1] in "+-" for line in lines)
        shown.append(
            {
                "edition": row,
                "diff": draw_diff(lines) if older else "",
                "changed": changed,
                "is_newest": number == 0,
            }
        )
    return shown


@admin.register(Edition)
class EditionAdmin(ReadOnlyAccess, admin.ModelAdmin):
    list_display = ("created_at", "pipeline", "sign", "author", "note")
    list_display_links = ("created_at", "sign")
    list_filter = ("pipeline",)
    list_select_related = ("pipeline", "author")
    ordering = ("-created_at", "-pk")
    search_fields = ("note", "author__email", "author__last_name", "text")
    search_help_text = gettext_lazy("By author, note, or a word of the regulation.")
    fields = ("pipeline", "sign", "created_at", "author", "note", "changes", "whole")
    change_form_template = "admin/pipelines/edition.html"

    class Media:
        css = {"all": ("admin_rules/editor.css",)}

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.rollback)
        return [
            path("<int:number>/rollback/", view, name="pipelines_edition_rollback"),
            *super().get_urls(),
        ]

    @admin.display(description="№", ordering="number")
    def sign(self, edition: Edition) -> int:
        return edition.number

    @admin.display(description=gettext_lazy("changes"))
    def changes(self, edition: Edition) -> str:
        older = before(edition)
        if older is None:
            return _("This is the first edition.")
        return draw_diff(playbook.diff(older.text, edition.text))

    @admin.display(description=gettext_lazy("the whole regulation"))
    def whole(self, edition: Edition) -> str:
        return format_html(
            '<details><summary>{}</summary><pre class="edition-text">{}</pre></details>',
            _("Show as a playbook"),
            edition.text,
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        edition = self.get_object(request, object_id)
        newest = edition.pipeline.editions.first() if edition else None
        context = {
            "is_newest": newest is not None and edition is not None and newest.pk == edition.pk
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def rollback(self, request: HttpRequest, number: int) -> HttpResponse:
        """Asks first, showing what would change; a POST does it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        edition = get_object_or_404(Edition.objects.select_related("pipeline__schedule"), pk=number)
        if request.method == "POST":
            self._roll_back(request, edition)
            return redirect("admin:pipelines_pipeline_change", edition.pipeline_id)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Back to edition № %(number)s") % {"number": edition.number},
            "opts": self.opts,
            "edition": edition,
            "diff": draw_diff(playbook.diff(playbook.export(edition.pipeline), edition.text)),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/pipelines/rollback.html", context)

    def _roll_back(self, request: HttpRequest, edition: Edition) -> None:
        try:
            made = playbook.rollback(edition, request.user, timezone.now())
        except PlaybookError as refused:
            for problem in refused.problems:
                self.message_user(request, problem, messages.ERROR)
            return
        if made is None:
            self.message_user(request, _("The pipeline already is as in that edition."))
            return
        self.log_change(request, edition.pipeline, made.note)
        said = _("The pipeline is again as in edition № %(old)s; that is its edition № %(new)s.")
        self.message_user(
            request, said % {"old": edition.number, "new": made.number}, messages.SUCCESS
        )
