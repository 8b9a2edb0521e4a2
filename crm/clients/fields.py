"""The fields of a contact or a company: its own columns, and what the regulations add to it, read and edited alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm import visibility
from crm.card import fields as card_fields
from crm.card.editing import seal
from crm.card.fields import Editor
from crm.models import Company, Contact, ContactPoint, User
from pipelines import catalog, fields
from pipelines.catalog import CompiledField, CompiledPipeline

Client = Contact | Company
Fields = Mapping[str, CompiledField]


def _own(record: str, code: str, label: str | Promise, type: str = "text") -> CompiledField:
    return CompiledField(code, label, type, {}, record=record, built_in=True)


# Columns of the records themselves, in the order of the card; the name stands in its head.
COLUMNS: dict[type[Client], tuple[CompiledField, ...]] = {
    Contact: (
        _own("contact", "name", pgettext_lazy("person", "Name")),
        _own("contact", "position", pgettext_lazy("job", "Position")),
    ),
    Company: (
        _own("company", "name", gettext_lazy("Name")),
        _own("company", "tax_id", gettext_lazy("Tax number")),
        _own("company", "site", gettext_lazy("Site"), "url"),
        _own("company", "address", gettext_lazy("Address")),
        _own(
            "company",
            "name_is_statutory",
            gettext_lazy("The name is written as in the statutes"),
            "yes_no",
        ),
    ),
}


def kind_of(record: Client) -> str:
    return "contact" if isinstance(record, Contact) else "company"


def known(record: Client, pipelines: Iterable[CompiledPipeline]) -> dict[str, CompiledField]:
    """All the fields by code: the columns, then what the pipelines' regulations add, each once.

    Evidence is an entry of a deal's feed, so it stands on the deal's card alone.
    """
    found = {field.code: field for field in COLUMNS[type(record)]}
    kind = kind_of(record)
    for pipeline in pipelines:
        for code, field in pipeline.fields.items():
            if field.record == kind and field.type != "evidence":
                found.setdefault(code, field)
    return found


def pipelines_of(user: User, deals_in: Iterable[int]) -> list[CompiledPipeline]:
    """Whose fields the card shows: of the pipelines in which the client has deals; of all one sees, without deals."""
    seen, used = visibility.pipelines_of(user), set(deals_in)
    return [pipeline for pipeline in seen if pipeline.id in used] or seen


def named(record: str, code: str) -> CompiledField | None:
    """The field of contacts or companies with this code, in whichever regulation."""
    columns = COLUMNS[Contact if record == "contact" else Company]
    own = next((field for field in columns if field.code == code), None)
    return own or next(
        (
            pipeline.fields[code]
            for pipeline in catalog.pipelines()
            if code in pipeline.fields and pipeline.fields[code].record == record
        ),
        None,
    )


def label_of_point(code: str) -> str:
    """What a change that is of no field is of: a phone, an e-mail, the company; a code gone since, as it is."""
    if code == "company":
        return _("Company")
    return str(dict(ContactPoint.Kind.choices).get(code, code))


def value(record: Client, field: CompiledField) -> Any:
    """What is stored."""
    if field.built_in:
        return getattr(record, field.code)
    return record.values.get(own_code(field))


def own_code(field: CompiledField) -> str:
    """The key in the record's `values`: what a deal calls `contact.birthday` is its contact's `birthday`."""
    return field.code.partition(".")[2] or field.code


def editors(
    record: Client, asked: Fields, codes: Iterable[str], *, typed: Any = None
) -> dict[str, Editor]:
    """Editors of the fields with these codes; with `typed` (a QueryDict) the widgets keep what was typed."""
    codes = list(codes)
    form = forms.Form(
        data=typed,
        initial={
            code: card_fields.widget_value(asked[code], value(record, asked[code]))
            for code in codes
        },
    )
    form.fields = {code: card_fields.plain_form_field(asked[code]) for code in codes}
    return {
        code: Editor(
            field=asked[code],
            bound=form[code],
            words=fields.show(asked[code], value(record, asked[code])),
            seen=seal(value(record, asked[code])),
        )
        for code in codes
    }


def posted(asked: Fields, data: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """From a posted form: what was typed and what was seen, by code, for the fields that it says it holds."""
    return card_fields.posted_for(asked, data)
