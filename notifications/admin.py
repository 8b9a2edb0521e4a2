from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notifications import letters, placeholders
from notifications.models import Message, MessageFile, Template, TemplateFile
from pipelines.actor import Actor
from pipelines.admin.access import CrmAdminAccess, ReadOnlyAccess
from pipelines.errors import RegulationError


class TemplateForm(forms.ModelForm):
    class Meta:
        model = Template
        fields = ("name", "code", "playbook", "kind", "subject", "body", "is_active")
        widgets = {
            "subject": forms.TextInput(attrs={"size": 90}),
            "body": forms.Textarea(attrs={"rows": 18, "cols": 100}),
        }
        help_texts = {
            "kind": gettext_lazy(
                "An SMS and a chat message are plain text, without subject and files."
            ),
        }


class TemplateFiles(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        if self.instance.kind != Template.Kind.EMAIL and any(
            not form.cleaned_data.get("DELETE") for form in kept if hasattr(form, "cleaned_data")
        ):
            raise forms.ValidationError(_("Only a letter has files."))


class TemplateFileInline(CrmAdminAccess, admin.TabularInline):
    model = TemplateFile
    formset = TemplateFiles
    extra = 0


@admin.register(Template)
class TemplateAdmin(CrmAdminAccess, admin.ModelAdmin):
    form = TemplateForm
    list_display = ("name", "kind", "code", "playbook", "subject", "is_active")
    list_filter = ("kind", "playbook", "is_active")
    search_fields = ("name", "code", "subject", "body")
    readonly_fields = ("known_placeholders",)
    inlines = (TemplateFileInline,)

    @admin.display(description=gettext_lazy("placeholders"))
    def known_placeholders(self, template: Template) -> str:
        pairs = ((f"{{{item.name}}}", item.label) for item in placeholders.known.values())
        return format_html_join("\n", "<div><code>{}</code> – {}</div>", pairs)


class MessageFileInline(ReadOnlyAccess, admin.TabularInline):
    model = MessageFile
    extra = 0
    fields = ("name", "size", "content_type")


@admin.register(Message)
class MessageAdmin(ReadOnlyAccess, admin.ModelAdmin):
    """The outbox: to look at, and to send again what failed."""

    list_display = (
        "created_at",
        "channel",
        "to",
        "subject",
        "status",
        "attempts",
        "next_try_at",
        "sent_at",
        "uncertain",
        "error",
    )
    list_filter = ("status", "uncertain", "channel", "template")
    search_fields = ("to", "subject", "message_id", "provider_id")
    list_select_related = False
    show_full_result_count = False
    ordering = ("-id",)
    actions = ("send_again",)
    exclude = ("text", "html")
    readonly_fields = ("content",)
    inlines = (MessageFileInline,)

    @admin.display(description=gettext_lazy("text"))
    def content(self, message: Message) -> str:
        return message.shown_text

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Never by the text: `?text__startswith=…` would tell a secret sign by sign."""
        if lookup.split("__")[0] in ("text", "html"):
            return False
        return super().lookup_allowed(lookup, value, request)

    @admin.action(description=gettext_lazy("Send again"), permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        by, again = Actor.person(request.user), 0
        for message in queryset.select_related("deal"):
            try:
                letters.retry_message(message, by=by, now=timezone.now())
                again += 1
            except RegulationError as error:
                self.message_user(request, f"{message}: {error}", messages.ERROR)
        if again:
            said = ngettext(
                "%(count)s message is queued again.",
                "%(count)s messages are queued again.",
                again,
            )
            self.message_user(request, said % {"count": again}, messages.SUCCESS)
