"""A cell for a field: from whatever a spreadsheet holds to what is stored. Errors are ValueErrors with a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from crm.clients.people import NAME_LIMIT, TAX_ID_LIMIT, normalize_site
from crm.clients.points import normalize_email, normalize_phone
from crm.clients.verbs import COLUMN_LIMITS
from crm.imports.files import text_of
from crm.intake.duplicates import tidy_tax_id
from pipelines import fields
from pipelines.compiled import CompiledField

# Excel counts days from here, with its 29 February 1900.
EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 (a day of a calendar, in no zone)
SERIALS = range(367, 110_000)
SHORTENED = re.compile(r"^\d([.,]\d+)?[eEеЕ]\+?\d{1,2}$")
POINTS_LIMIT = 10
YES = {"да", "yes", "1", "true", "истина", "+", "y", "д", "есть", "x", "х", "✓"}
NO = {"нет", "no", "0", "false", "ложь", "-", "–", "n", "н", ""}
COLUMN_TEXTS = {"name": NAME_LIMIT, "tax_id": TAX_ID_LIMIT, **COLUMN_LIMITS}


def clean(field: CompiledField, cell: Any, *, people: Mapping[str, int]) -> Any:
    """What is stored for the cell, as JSON; None for an empty one. `people` are ids by name and by e-mail.

    Errors: ValueError with a sentence.
    """
    text = text_of(cell)
    if not text:
        return None
    match field.type:
        case "phone":
            return _several(unshortened(text), normalize_phone)
        case "email":
            return _several(text, normalize_email)
        case "person":
            return _person(text, people)
        case "date":
            return _day(field, cell, text)
        case "datetime":
            return _moment(field, cell, text)
        case "choice":
            return _choice(field, text)
        case "choices":
            return [_choice(field, part) for part in re.split(r"[,;\n]+", text) if part.strip()]
        case "yes_no" | "control":
            return _tick(text)
        case "number" | "money":
            return fields.clean(field, cell if isinstance(cell, (int, float)) else text)
        case "tags":
            return [part.strip()[:60] for part in re.split(r"[,;\n]+", text) if part.strip()]
        case "company":
            return _limited(text, NAME_LIMIT)
    if field.built_in:
        return _column(field, text)
    return fields.clean(field, text)


def _column(field: CompiledField, text: str) -> Any:
    if field.code == "site":
        return normalize_site(text)
    if field.code == "tax_id":
        text = tidy_tax_id(unshortened(text))
    return _limited(" ".join(text.split()), COLUMN_TEXTS.get(field.code, NAME_LIMIT))


def _limited(text: str, limit: int) -> str:
    if len(text) > limit:
        raise ValueError(_("At most %(limit)s characters.") % {"limit": limit})
    return text


def unshortened(text: str) -> str:
    """«7.9161234567E10» as the number it is. Errors: ValueError where the spreadsheet has dropped digits."""
    compact = text.replace(" ", "").replace("\u00a0", "")
    if not SHORTENED.match(compact):
        return text
    mantissa, _sign, exponent = re.sub("[eEеЕ]", "e", compact).replace(",", ".").partition("e")
    digits = mantissa.replace(".", "")
    if len(digits) <= 8 < int(exponent):
        raise ValueError(
            _(
                "The spreadsheet has shortened the number to “%(text)s”. Format the column as text and enter it whole."
            )
            % {"text": text[:40]}
        )
    return str(int(float(f"{mantissa}e{exponent}")))


def _several(text: str, normalize: Any) -> list[str]:
    parts = [part.strip() for part in re.split(r"[,;\n/]+", text) if part.strip()]
    return list(dict.fromkeys(normalize(part) for part in parts[:POINTS_LIMIT]))


def _person(text: str, people: Mapping[str, int]) -> int:
    found = people.get(" ".join(text.casefold().split()))
    if found is None:
        raise ValueError(
            _("There is no “%(name)s” among the people you may give records to.")
            % {"name": text[:60]}
        )
    return found


def _serial(cell: Any, text: str) -> datetime | None:
    """The moment that a bare number of a spreadsheet means; None for what is no such number."""
    if isinstance(cell, bool):
        return None
    try:
        number = float(cell) if isinstance(cell, (int, float)) else float(text.replace(",", "."))
    except ValueError:
        return None
    return EPOCH + timedelta(days=number) if int(number) in SERIALS else None


def _day(field: CompiledField, cell: Any, text: str) -> Any:
    if isinstance(cell, (datetime, date)):
        return fields.clean(field, cell.date() if isinstance(cell, datetime) else cell)
    if (serial := _serial(cell, text)) is not None:
        return fields.clean(field, serial.date())
    return fields.clean(field, _written_day(text))


def _moment(field: CompiledField, cell: Any, text: str) -> Any:
    if isinstance(cell, datetime):
        return fields.clean(field, cell)
    if isinstance(cell, date):
        return fields.clean(field, datetime(cell.year, cell.month, cell.day))  # noqa: DTZ001 (the active zone is added)
    if (serial := _serial(cell, text)) is not None:
        return fields.clean(field, serial.replace(microsecond=0))
    day, _space, clock = text.partition(" ")
    day = re.sub(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$", r"\3-\2-\1", _written_day(day))
    return fields.clean(field, f"{day} {clock or '00:00'}")


def _written_day(text: str) -> str:
    """«1.3.26», «01/03/2026» and «2026-03-01 00:00:00» as our fields read days."""
    text = re.sub(r"[ T]00:00(:00(\.0+)?)?$", "", text).replace("/", ".").rstrip("г. ")
    if found := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{2})", text):
        return f"{found[1]}.{found[2]}.20{found[3]}"
    return re.sub(r"^(\d{4})\.(\d{1,2})\.(\d{1,2})$", r"\1-\2-\3", text)


def _choice(field: CompiledField, text: str) -> str:
    wanted = " ".join(text.casefold().split())
    for code, label in field.choices.items():
        if wanted in (code.casefold(), " ".join(str(label).casefold().split())):
            return code
    raise ValueError(_("“%(value)s” is not in the list.") % {"value": text[:60]})


def _tick(text: str) -> bool | None:
    word = text.casefold()
    if word in YES:
        return True
    if word in NO:
        return None
    raise ValueError(_("Write yes or no."))
