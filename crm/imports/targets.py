"""What a file can be imported into, the fields of each, and the headings by which they are known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import preferences, visibility
from crm.card import page as card
from crm.lists import shapes
from crm.lists.shapes import Shape
from crm.models import User
from pipelines.catalog import CompiledPipeline, CompiledStage
from pipelines.compiled import CompiledField

DEAL = "deal"
NOT_TAKEN = frozenset({"open_deals", "moment", "evidence", "control"})
# In how many columns one remembers what they meant.
REMEMBERED = 400
PREFERENCE = "import.mapping"

# Headings in lower case without signs, as spreadsheets and other CRMs write them.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "name": (
        "название",
        "наименование",
        "имя",
        "фио",
        "контакт",
        "имя контакта",
        "полное имя контакта",
        "name",
        "full name",
        "title",
        "название компании",
        "название сделки",
        "company name",
        "deal name",
        "сделка",
    ),
    "phone": (
        "телефон",
        "тел",
        "мобильный",
        "мобильный телефон",
        "рабочий телефон",
        "номер телефона",
        "phone",
        "mobile",
        "phone number",
        "телефоны",
    ),
    "email": (
        "почта",
        "email",
        "e mail",
        "mail",
        "эл почта",
        "электронная почта",
        "рабочий email",
        "email рабочий",
    ),
    "company": ("компания", "организация", "фирма", "company", "organization", "место работы"),
    "owner": (
        "ответственный",
        "менеджер",
        "ответственный за контакт",
        "owner",
        "responsible",
        "manager",
    ),
    "position": ("должность", "position", "job title"),
    "tax_id": ("инн", "унп", "tax number", "tax id", "vat", "инн компании"),
    "site": ("сайт", "web", "site", "website", "url"),
    "address": ("адрес", "address", "юридический адрес", "город"),
    "budget": ("бюджет", "сумма", "сумма сделки", "budget", "amount", "price", "цена"),
    "contact_name": (
        "контакт",
        "имя контакта",
        "основной контакт",
        "фио",
        "contact",
        "contact name",
    ),
    "company_name": ("компания", "компания контакта", "организация", "company", "company name"),
    "tags": ("теги", "метки", "тег", "tags"),
}


def _field(code: str, label: str | Promise, type: str = "text") -> CompiledField:
    return CompiledField(code, label, type, {}, built_in=True)


@dataclass(frozen=True)
class Target:
    """Contacts, companies, deals of a pipeline, or an own list."""

    code: str
    title: str
    fields: Mapping[str, CompiledField]
    required: frozenset[str]
    shape: Shape | None = None
    pipeline: CompiledPipeline | None = None
    stage: CompiledStage | None = None

    @property
    def kind(self) -> str:
        """`contact`, `company`, `deal` or `item`."""
        return self.shape.kind if self.shape else DEAL


def find(code: str, user: User, *, stage_id: int | None = None) -> Target | None:
    """The target, if the user may put records into it; of deals, into the stage (the pipeline's first by default)."""
    if code.startswith("deal-"):
        return _of_deals(code, user, stage_id)
    shape = shapes.named(code, user)
    if shape is None or not shape.may_add(user):
        return None
    taken = {key: field for key, field in shape.fields.items() if field.type not in NOT_TAKEN}
    required = shape.required if shape.own else frozenset({"name"})
    return Target(code, shape.title, taken, required, shape=shape)


def choices(user: User) -> list[tuple[str, str]]:
    """(code, title) of all that the user may import into."""
    found = [(item.code, item.title) for item in shapes.choices(user)]
    found = [(code, title) for code, title in found if find(code, user)]
    return found + [
        (f"deal-{pipeline.code}", _("Deals: %(pipeline)s") % {"pipeline": pipeline.name})
        for pipeline in visibility.pipelines_of(user)
    ]


def _of_deals(code: str, user: User, stage_id: int | None) -> Target | None:
    wanted = code.removeprefix("deal-")
    for pipeline in visibility.pipelines_of(user):
        if pipeline.code != wanted:
            continue
        stage = pipeline.stage_by_id.get(stage_id or 0, pipeline.first_stage)
        known = {
            "name": _field("name", gettext_lazy("Deal's name")),
            "budget": _field("budget", gettext_lazy("Budget"), "money"),
            "contact_name": _field("contact_name", gettext_lazy("Contact")),
            "phone": _field("phone", gettext_lazy("Phone"), "phone"),
            "email": _field("email", gettext_lazy("E-mail"), "email"),
            "company_name": _field("company_name", gettext_lazy("Company")),
            "tax_id": _field("tax_id", gettext_lazy("Tax number")),
            "owner": _field("owner", gettext_lazy("Responsible"), "person"),
            "tags": _field("tags", gettext_lazy("Tags"), "tags"),
        }
        for key, field in pipeline.fields.items():
            if field.record == DEAL and not field.built_in and field.type not in NOT_TAKEN:
                known.setdefault(key, field)
        title = _("Deals: %(pipeline)s") % {"pipeline": pipeline.name}
        return Target(code, title, known, frozenset({"name"}), pipeline=pipeline, stage=stage)
    return None


def people_of(user: User) -> dict[str, int]:
    """Ids of those whom the user may give records to, himself among them, by full name either way round and by e-mail."""
    found: dict[str, int] = {}
    for person in [user, *card.owners_for(user)]:
        names = (
            str(person),
            f"{person.last_name} {person.first_name}",
            f"{person.first_name} {person.last_name}",
            person.email,
        )
        for name in names:
            if key := " ".join(name.casefold().split()):
                found.setdefault(key, person.pk)
    return found


# ── What a column means ────────────────────────────────────────────────────────────────────────


def guess(target: Target, headings: Sequence[str], user: User) -> dict[str, str]:
    """{column's number: field's code}: as the user said last time, else by the heading; each field once."""
    kept = preferences.get(user, PREFERENCE)
    remembered = kept.get(target.code) if isinstance(kept, dict) else None
    remembered = remembered if isinstance(remembered, dict) else {}
    by_word = _by_word(target)
    found: dict[str, str] = {}
    for number, heading in enumerate(headings):
        word = tidy(heading)
        code = remembered.get(word) if word in remembered else by_word.get(word)
        if isinstance(code, str) and code in target.fields and code not in found.values():
            found[str(number)] = code
    return found


def remember(
    target: Target, headings: Sequence[str], mapping: Mapping[str, str], user: User
) -> None:
    """Keep for the user what each heading meant, and that some meant nothing."""
    kept = preferences.get(user, PREFERENCE)
    kept = dict(kept) if isinstance(kept, dict) else {}
    before = kept.get(target.code)
    words = dict(before) if isinstance(before, dict) else {}
    for number, heading in enumerate(headings):
        if word := tidy(heading):
            words.pop(word, None)
            words[word] = mapping.get(str(number), "")
    kept[target.code] = dict(list(words.items())[-REMEMBERED:])
    preferences.put(user, PREFERENCE, kept)


def tidy(heading: str) -> str:
    return " ".join(re.sub(r"[^\w]+", " ", heading.casefold().replace("ё", "е")).split())[:100]


def _by_word(target: Target) -> dict[str, str]:
    found: dict[str, str] = {}
    # A field's own name says more than a word that usually means it.
    for code, field in target.fields.items():
        found.setdefault(tidy(str(field.label)), code)
        found.setdefault(tidy(code), code)
    for code, words in SYNONYMS.items():
        if code in target.fields:
            for word in words:
                found.setdefault(word, code)
    return found
