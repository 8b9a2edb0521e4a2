"""The card's own template tags: the widgets of its fields.

Django renders each widget by a template of its own, looked for in two engines: for thirty fields that is half the
page's time. These are the same widgets, written out.
"""

from __future__ import annotations

from typing import Any

from django import forms, template
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from crm.card_fields import Editor

register = template.Library()


@register.simple_tag
def widget(editor: Editor) -> SafeString:
    """An editor's widget, belonging to the form that posts without JavaScript, marked invalid after an error."""
    return _html(
        editor.bound, {"form": "fields-form"}, invalid=bool(editor.error or editor.conflict)
    )


@register.simple_tag
def plain_widget(editor: Editor) -> SafeString:
    """An editor's widget in a form of its own."""
    return _html(editor.bound, {}, invalid=bool(editor.error))


@register.simple_tag
def plain_field(bound: forms.BoundField) -> SafeString:
    """A fresh form's field with its label, as crispy forms writes one that nobody has filled in yet."""
    style = "form-select" if isinstance(bound.field.widget, forms.Select) else "form-control"
    html = _html(bound, {"class": style}, invalid=False)
    return format_html(
        '<div class="mb-3"><label class="form-label" for="{}">{}</label>{}</div>',
        bound.auto_id,
        bound.label,
        html,
    )


def _html(bound: forms.BoundField, extra: dict[str, Any], *, invalid: bool) -> SafeString:
    made = bound.field.widget
    attrs = {"name": bound.html_name, "id": bound.auto_id, **made.attrs, **extra}
    if invalid:
        attrs |= {"class": f"{attrs.get('class', '')} is-invalid".strip(), "aria-invalid": "true"}
    value = bound.value()
    if isinstance(made, forms.CheckboxSelectMultiple):
        return _ticks(made, attrs, value or [])
    if isinstance(made, forms.Select):
        return _list(made, attrs, value)
    if isinstance(made, forms.CheckboxInput):
        return format_html(
            "<input{}>", flatatt(attrs | {"type": "checkbox", "checked": bool(value)})
        )
    text = "" if value is None else str(value)
    if isinstance(made, forms.Textarea):
        # The first line break after the tag is not the text's.
        return format_html("<textarea{}>\n{}</textarea>", flatatt(attrs), text)
    kind = getattr(made, "input_type", "text")
    return format_html("<input{}>", flatatt({"type": kind, "value": text} | attrs))


def _list(made: forms.Select, attrs: dict[str, Any], value: Any) -> SafeString:
    several = made.allow_multiple_selected
    chosen = (
        {str(item) for item in (value or [])}
        if several
        else {str(value if value is not None else "")}
    )
    options = format_html_join(
        "",
        "<option{}>{}</option>",
        (
            (flatatt({"value": str(code), "selected": str(code) in chosen}), label)
            for code, label in made.choices
        ),
    )
    return format_html("<select{}>{}</select>", flatatt(attrs | {"multiple": several}), options)


def _ticks(made: forms.CheckboxSelectMultiple, attrs: dict[str, Any], value: Any) -> SafeString:
    chosen, own = {str(item) for item in value}, {"type": "checkbox", "class": "form-check-input"}
    common = {key: item for key, item in attrs.items() if key not in ("id", "class")} | own
    ticks = format_html_join(
        "",
        "<label><input{}> {}</label>",
        (
            (
                flatatt(
                    common
                    | {
                        "id": f"{attrs['id']}_{n}",
                        "value": str(code),
                        "checked": str(code) in chosen,
                    }
                ),
                label,
            )
            for n, (code, label) in enumerate(made.choices)
        ),
    )
    return format_html('<div id="{}">{}</div>', attrs["id"], ticks)
