"""Widgets without their templates (`crm.card.widgets`), for pages that Django's templates make."""

from __future__ import annotations

from django import forms, template
from django.utils.safestring import SafeString

from crm.card import widgets
from crm.card.fields import Editor
from crm.clients.points import phone_words

register = template.Library()
register.filter("phone", phone_words)


@register.simple_tag
def plain_widget(editor: Editor) -> SafeString:
    """An editor's widget in a form of its own."""
    return widgets.html(editor.bound, invalid=bool(editor.error))


@register.simple_tag
def plain_field(bound: forms.BoundField) -> SafeString:
    """A fresh form's field with its label."""
    return widgets.row(bound)
