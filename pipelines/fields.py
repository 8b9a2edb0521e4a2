"""Values of fields: from what a person typed to what is stored (plain JSON), and from there to words and widgets."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from pipelines.catalog import CompiledField

TEXT_LIMIT = 1000
LONG_TEXT_LIMIT = 20_000
MONEY_LIMIT = Decimal(10) ** 12
# Outside of it calendars overflow, and nobody means it.
YEARS = range(1900, 2201)
# PostgreSQL holds neither in a text nor in jsonb.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_url = URLValidator(schemes=["http", "https"])


def clean(field: CompiledField, raw: Any) -> Any:
    """The storable value of `raw` for `field`; None for an empty one. Errors: ValueError with a sentence for people."""
    if isinstance(raw, str):
        raw = storable(raw)
    if raw is None or raw in ("", [], {}):
        return None
    value = _CLEANERS[field.type](field, raw)
    return None if value in ("", []) else value


def storable(text: str) -> str:
    """The text without what no database column can hold: NUL and halves of surrogate pairs."""
    return UNSTORABLE.sub("", text)


def is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {}, False)


def show(field: CompiledField, value: Any) -> str:
    """The stored value in words, in the active language and time zone."""
    if is_empty(value):
        return ""
    match field.type:
        case "choice":
            return field.choices.get(value, str(value))
        case "choices":
            return ", ".join(field.choices.get(item, str(item)) for item in value)
        case "yes_no":
            return _("yes")
        case "control":
            at = parse_datetime(value["at"])
            return (
                f"{value['name']}, {date_format(timezone.localtime(at), 'SHORT_DATETIME_FORMAT')}"
                if at
                else ""
            )
        case "money" | "number":
            return number_format(_shortest(field, Decimal(str(value))), force_grouping=True)
        case "date":
            day = parse_date(value)
            return date_format(day, "SHORT_DATE_FORMAT") if day else str(value)
        case "datetime":
            try:
                # An outcome's answer stands in the feed as it was typed, without a zone.
                moment = parse_moment(value)
            except ValueError:
                return str(value)
            return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
        case _:
            return str(value)


def _shortest(field: CompiledField, amount: Decimal) -> Decimal:
    """Whole where it is whole; a sum of money otherwise with its two places."""
    if amount % 1 == 0:
        return amount.quantize(Decimal(1))
    return amount.quantize(Decimal("0.01")) if field.type == "money" else amount.normalize()


def form_field(field: CompiledField, *, required: bool = False) -> forms.Field:
    """The widget for one field, as a Django form field; its value is cleaned by `clean`, not by the form field."""
    common: dict[str, Any] = {
        "label": field.label,
        "required": required,
        "help_text": field.help_text,
    }
    match field.type:
        case "long_text":
            return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **common)
        case "choice":
            return forms.ChoiceField(choices=[("", "—"), *field.choices.items()], **common)
        case "choices":
            return forms.MultipleChoiceField(choices=list(field.choices.items()), **common)
        case "yes_no" | "control":
            return forms.BooleanField(**common)
        case "date":
            return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), **common)
        case "datetime":
            return forms.CharField(
                widget=forms.DateTimeInput(attrs={"type": "datetime-local"}), **common
            )
        case "money" | "number":
            return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **common)
        case "url":
            return forms.CharField(
                widget=forms.URLInput(attrs={"placeholder": "https://"}), **common
            )
        case _:
            return forms.CharField(**common)


def parse_number(raw: Any) -> Decimal:
    """«1 000,50», «1,000.50» or 1000.5 as a Decimal. Errors: ValueError for anything that is not a finite number."""
    if isinstance(raw, bool):
        raise ValueError(_("Write a number."))
    text = re.sub(r"[\s\u00a0\u202f'₽$€]", "", str(raw))
    if "," in text and "." in text:
        text = text.replace(",", "")
    text = text.replace(",", ".")
    if not re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,6})?", text):
        raise ValueError(_("Write a number, for example 1000.50."))
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(_("Write a number, for example 1000.50.")) from error


def parse_money(raw: Any) -> Decimal:
    """A sum of money, not negative, rounded to hundredths. Errors: ValueError."""
    amount = parse_number(raw).quantize(Decimal("0.01"))
    if amount < 0:
        raise ValueError(_("A sum can't be negative."))
    if amount >= MONEY_LIMIT:
        raise ValueError(_("The sum is too large."))
    # Plus nothing: «-0» is no other sum than zero.
    return amount + Decimal(0)


def parse_moment(raw: Any) -> datetime:
    """A date and time as typed (in the active time zone unless it names one), in UTC. Errors: ValueError."""
    moment = raw if isinstance(raw, datetime) else _parse(parse_datetime, raw)
    if moment is None:
        raise ValueError(_("Write a date and a time."))
    _check_year(moment)
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    return moment.astimezone(UTC)


def parse_day(raw: Any) -> date:
    """A date as typed: 2026-03-01 or 01.03.2026. Errors: ValueError."""
    if isinstance(raw, datetime):
        raw = raw.date()
    text = re.sub(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$", r"\3-\2-\1", str(raw).strip())
    day = _parse(parse_date, text)
    if day is None:
        raise ValueError(_("Write a date, for example 01.03.2026."))
    _check_year(day)
    return day


def _check_year(day: date) -> None:
    if day.year not in YEARS:
        raise ValueError(_("This date is too far away."))


def _parse(parser: Any, raw: Any) -> Any:
    try:
        return parser(str(raw).strip())
    except ValueError:
        return None


def _text(limit: int) -> Any:
    def clean_text(field: CompiledField, raw: Any) -> str:
        text = storable(str(raw)).strip()
        if len(text) > limit:
            raise ValueError(_("At most %(limit)s characters.") % {"limit": limit})
        return text

    return clean_text


def _one_of(field: CompiledField, raw: Any) -> str:
    code = str(raw)
    if code not in field.choices:
        raise ValueError(_("“%(value)s” is not in the list.") % {"value": code[:60]})
    return code


def _several_of(field: CompiledField, raw: Any) -> list[str]:
    items = raw if isinstance(raw, (list, tuple)) else [raw]
    return [_one_of(field, item) for item in items if item not in ("", None)]


def _link(field: CompiledField, raw: Any) -> str:
    text = str(raw).strip()
    try:
        _url(text)
    except ValidationError as error:
        raise ValueError(_("Write a full link, beginning with https://.")) from error
    return text


def _tick(field: CompiledField, raw: Any) -> bool | None:
    return None if str(raw).lower() in ("", "0", "false", "off", "no") else True


def _entry(field: CompiledField, raw: Any) -> int:
    text = str(raw).strip()
    if not re.fullmatch("[0-9]{1,18}", text):
        raise ValueError(_("Choose an entry of the feed."))
    return int(text)


_CLEANERS: dict[str, Any] = {
    "text": _text(TEXT_LIMIT),
    "long_text": _text(LONG_TEXT_LIMIT),
    "number": lambda field, raw: f"{parse_number(raw).normalize():f}",
    "money": lambda field, raw: str(parse_money(raw)),
    "date": lambda field, raw: parse_day(raw).isoformat(),
    "datetime": lambda field, raw: parse_moment(raw).isoformat(),
    "choice": _one_of,
    "choices": _several_of,
    "yes_no": _tick,
    "url": _link,
    # A bare tick: who and when is written by the verb that stores it, never taken from outside.
    "control": _tick,
    "evidence": _entry,
}
