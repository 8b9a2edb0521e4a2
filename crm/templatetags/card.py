"""The card's own template tag."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from crm.card_fields import Editor

register = template.Library()


@register.simple_tag
def widget(editor: Editor) -> SafeString:
    """An editor's widget, belonging to the form that posts without JavaScript, marked invalid after an error."""
    attrs = {"form": "fields-form"}
    if editor.error or editor.conflict:
        attrs["class"] = f"{editor.bound.field.widget.attrs.get('class', '')} is-invalid"
        attrs["aria-invalid"] = "true"
    return editor.bound.as_widget(attrs=attrs)


@register.simple_tag
def plain_widget(editor: Editor) -> SafeString:
    """An editor's widget in a form of its own."""
    return editor.bound.as_widget(
        attrs={"class": f"{editor.bound.field.widget.attrs.get('class', '')} is-invalid"}
        if editor.error
        else {}
    )
