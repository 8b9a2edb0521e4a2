"""The widgets of the card's fields, written out.

Django renders each widget by a template of its own, looked for in two engines: for thirty fields that was half the
page's time. `markupsafe` escapes in C what `format_html` would in Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.safestring import SafeString
from markupsafe import escape


def html(
    bound: forms.BoundField,
    extra: Mapping[str, Any] | None = None,
    *,
    invalid: bool = False,
    widget: forms.Widget | None = None,
) -> SafeString:
    """The widget of a form's field, or another in its place, with `extra` attributes, marked after an error."""
    made = widget or bound.field.widget
    own = {"name": bound.html_name, "id": bound.auto_id, **made.attrs, **(extra or {})}
    if invalid:
        own |= {"class": f"{own.get('class', '')} is-invalid".strip(), "aria-invalid": "true"}
    return SafeString(_widget(made, own, bound.value()))


def row(bound: forms.BoundField) -> SafeString:
    """A fresh form's field with its label, as crispy forms writes one, and with what is wrong with it."""
    style = "form-select" if isinstance(bound.field.widget, forms.Select) else "form-control"
    attrs, said = {"class": style}, ""
    if bound.errors:
        attrs = {"class": f"{style} is-invalid", "aria-describedby": f"{bound.auto_id}_error"}
        words = " ".join(escape(error) for error in bound.errors)
        said = f'<div class="invalid-feedback" id="{escape(bound.auto_id)}_error">{words}</div>'
    return SafeString(
        f'<div class="mb-3"><label class="form-label" for="{escape(bound.auto_id)}">{escape(bound.label)}</label>'
        f"{html(bound, attrs)}{said}</div>"
    )


def _widget(made: forms.Widget, own: dict[str, Any], value: Any) -> str:
    if isinstance(made, forms.CheckboxSelectMultiple):
        return _ticks(made.choices, own, _several(value))
    if isinstance(made, forms.Select):
        several = made.allow_multiple_selected
        chosen = _several(value) if several else {"" if value is None else str(value)}
        return f"<select{_attributes(own | {'multiple': several})}>{_options(made.choices, chosen)}</select>"
    if isinstance(made, forms.CheckboxInput):
        return f"<input{_attributes(own | {'type': 'checkbox', 'checked': bool(value)})}>"
    text = "" if value is None else str(value)
    if isinstance(made, forms.Textarea):
        # The first line break after the tag is not the text's.
        return f"<textarea{_attributes(own)}>\n{escape(text)}</textarea>"
    kind = getattr(made, "input_type", "text")
    return f"<input{_attributes({'type': kind, 'value': text} | own)}>"


def _options(choices: Iterable[Any], chosen: set[str]) -> str:
    return "".join(
        f'<option value="{escape(code)}"{" selected" if str(code) in chosen else ""}>{escape(label)}</option>'
        for code, label in choices
    )


def _ticks(choices: Iterable[Any], own: dict[str, Any], chosen: set[str]) -> str:
    common = {key: item for key, item in own.items() if key not in ("id", "class")}
    ticks = [
        _attributes(
            common
            | {
                "type": "checkbox",
                "class": "form-check-input",
                "id": f"{own['id']}_{number}",
                "value": code,
                "checked": str(code) in chosen,
            }
        )
        + f"> {escape(label)}"
        for number, (code, label) in enumerate(choices)
    ]
    lines = "".join(f"<label><input{tick}</label>" for tick in ticks)
    return f'<div id="{escape(own["id"])}">{lines}</div>'


def _several(value: Any) -> set[str]:
    return {str(item) for item in value or ()}


def _attributes(own: Mapping[str, Any]) -> str:
    """As HTML writes them: True is a bare name, False and None are left out."""
    return "".join(
        f" {name}" if value is True else f' {name}="{escape(value)}"'
        for name, value in own.items()
        if value is not False and value is not None
    )
