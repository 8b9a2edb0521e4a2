"""How the names of deals, contacts and companies are written (AX-N1, AX-N2, AX-N3.1, AX-N3.2).

`check` takes a name as typed and gives three things: the name with what can safely be put right; other ways to write
it, offered and never forced; and what is wrong and only a person can mend. No letter is ever lost, and no name refused:
a rule about names must not cost a lead. Which rules are asked is the playbook's (`Rules`); without them nothing is.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.names import fullnames, legal_forms
from crm.names.capitals import (
    PARTICLES,
    capital,
    capitals_only,
    first_capital,
    is_plain,
    is_word,
    small,
)

# What a contact without a name is called (AX-N2.4): no name that could be mended.
NAMELESS = frozenset({"Без имени", "No name"})
DEAL, CONTACT, COMPANY = "deal", "contact", "company"
RECORDS = (DEAL, CONTACT, COMPANY)
# Behind these a full stop belongs to the word.
ABBREVIATIONS = frozenset(
    [
        "др",
        "пр",
        "т.д",
        "т.п",
        "т.е",
        "т.ч",
        "г",
        "гг",
        "ул",
        "им",
        "стр",
        "д",
        "кв",
        "оф",
        "руб",
        "коп",
        "тыс",
        "млн",
        "млрд",
        "шт",
        "мес",
        "чел",
        "мин",
        "сек",
        "inc",
        "ltd",
        "co",
        "corp",
        "etc",
    ]
)


@dataclass(frozen=True)
class Rules:
    """What a company asks of the names of one kind of record; `order`, `legal_form`, `capitals` are the clauses that ask."""

    words: tuple[int, int] | None = None
    clause: str = ""
    order: str = ""
    legal_form: str = ""
    capitals: str = ""


@dataclass(frozen=True)
class Suggestion:
    """Another way to write the name, and why."""

    name: str
    reason: str
    clause: str


@dataclass(frozen=True)
class Complaint:
    """What is wrong with the name and only a person can mend."""

    text: str
    clause: str


@dataclass(frozen=True)
class Checked:
    name: str
    suggestions: tuple[Suggestion, ...] = ()
    complaints: tuple[Complaint, ...] = ()

    @property
    def is_right(self) -> bool:
        return not self.suggestions and not self.complaints


def check(record: str, name: str, rules: Rules | None, *, statutory: bool = False) -> Checked:
    """What the rules make of the name of a deal, contact or company; `statutory`: somebody has seen the statutes."""
    name = " ".join(name.split())
    if rules is None or not name:
        return Checked(name)
    if record == COMPANY:
        # The statutes have the last word, also on whether there is a legal form.
        return Checked(name) if statutory else _company(name, rules)
    return _deal(name, rules) if record == DEAL else _contact(name, rules)


def tidier(record: str, before: str, rules: Rules, *, statutory: bool = False) -> Suggestion | None:
    """What is safe, as an offer: for a name that stands already. A contact's automatic name is no name of a person."""
    name = check(record, before, rules, statutory=statutory).name
    if name == before:
        return None
    if record == CONTACT and not all(map(fullnames.kinds_of, name.casefold().split())):
        return None
    clause = rules.clause or rules.capitals or rules.legal_form
    return Suggestion(name, _("spaces, capitals, signs"), clause)


def _deal(name: str, rules: Rules) -> Checked:
    name, stop_stays = _without_stop(name)
    words = name.split()
    if words[0] == words[0].lower() and is_plain(words[0]):
        name = " ".join([first_capital(words[0]), *words[1:]])
    complaints = _count(name, rules)
    if stop_stays:
        complaints.append(Complaint(_("There is no full stop at the end of a name."), rules.clause))
    offered: list[Suggestion] = []
    if capitals_only(name):
        calm = _without_capitals(name)
        if calm != name:
            offered.append(Suggestion(calm, _("not in capitals alone"), rules.clause))
    return Checked(name, tuple(offered), tuple(complaints))


def _contact(name: str, rules: Rules) -> Checked:
    if name in NAMELESS:
        return Checked(name)
    words = [
        capital(word) if word == word.lower() and is_plain(word) and word not in PARTICLES else word
        for word in name.split()
    ]
    name = " ".join(words)
    complaints = _count(name, rules)
    calm = [_calm(word) for word in words]
    ordered = fullnames.in_order(calm) if rules.order else calm
    offered: list[Suggestion] = []
    if ordered != calm:
        reason = _("first name, patronymic, surname")
        offered.append(Suggestion(" ".join(ordered), reason, rules.order))
    elif calm != words:
        reason = _("a capital, then small letters")
        offered.append(Suggestion(" ".join(calm), reason, rules.clause))
    return Checked(name, tuple(offered), tuple(complaints))


def _company(name: str, rules: Rules) -> Checked:
    name = legal_forms.tidied(name)
    complaints, offered = _count(name, rules), []
    if rules.legal_form and not legal_forms.has_form(name):
        text = _("The legal form is missing: LLC, sole trader …")
        complaints.append(Complaint(text, rules.legal_form))
    better = legal_forms.better(name)
    if better != name and rules.capitals:
        if capitals_only(name):
            reason = _("not in capitals alone")
        elif better.casefold() == name.casefold():
            reason = _("a capital, then small letters")
        else:
            reason = _("the form, then the name in quotes")
        offered.append(Suggestion(better, reason, rules.capitals))
    return Checked(name, tuple(offered), tuple(complaints))


def _count(name: str, rules: Rules) -> list[Complaint]:
    if rules.words is None:
        return []
    least, most = rules.words
    count = sum(1 for word in name.split() if is_word(word) and word not in PARTICLES)
    if least <= count <= most:
        return []
    text = (
        ngettext("At most %(most)s word.", "At most %(most)s words.", most) % {"most": most}
        if count > most
        else ngettext("At least %(least)s word.", "At least %(least)s words.", least)
        % {"least": least}
    )
    here = ngettext("Here is %(count)s.", "Here are %(count)s.", count) % {"count": count}
    return [Complaint(f"{text} {here}", rules.clause)]


def _without_stop(name: str) -> tuple[str, bool]:
    """The name without its final stop, and whether one stays: behind an abbreviation, or several."""
    if not name.endswith("."):
        return name, False
    bare = name[:-1].rstrip()
    last = bare.split()[-1].casefold() if bare else ""
    if not bare or bare.endswith(".") or last in ABBREVIATIONS or "." in last:
        return name, True
    return bare, False


def _without_capitals(name: str) -> str:
    """Words of five letters or more in small letters; shorter ones may be abbreviations: «АУДИТ CRM»."""
    words = [
        small(word) if sum(map(str.isalpha, word)) > 4 and is_plain(word) else word
        for word in name.split()
    ]
    if words[0] == words[0].lower():
        words[0] = first_capital(words[0])
    return " ".join(words)


def _calm(word: str) -> str:
    """«ЛУКАШЕВИЧ» and «аННА» as names are written; initials, numbers and «МакДональд» stay."""
    if not is_plain(word) or "." in word or word in PARTICLES:
        return word
    if capitals_only(word) or (word[:1].islower() and word != word.lower()):
        return capital(small(word))
    return word
