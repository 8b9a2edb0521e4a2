"""The name of a company: its legal form, its quotes, its capitals (AX-N3.1, AX-N3.2). Nothing of Django here."""

from __future__ import annotations

import re

from crm.names.capitals import capital, capitals_only, has_letter, small

# Forms whose name stands in quotes; a person’s name (OF_PERSONS) stands without.
QUOTED = frozenset(
    """ООО ОДО ОАО ЗАО ПАО АО НАО СООО СОАО СЗАО ИООО УП ЧУП ЧТУП ЧПУП ЧПТУП ЧУТП ИУП СП РУП КУП ДУП ГУП МУП
    ФГУП ФКП ГП КП ГУ ГБУ ГКУ ГАУ МБУ МКУ МАУ ФГБУ ФГАУ ФГКУ ГУО УО АНО НКО НП ТОО ТДО КТ ПК СПК ТСЖ ТС ЖСК СНТ ДОО
    РОО МОО ОсОО ТОВ ТзОВ ПрАТ ПАТ ГК""".upper().split()
)
OF_PERSONS = frozenset({"ИП", "ЧП", "ФОП", "ФЛП", "КФХ", "КХ", "СЗ"})
LATIN = frozenset(
    [
        "LLC",
        "LTD",
        "LIMITED",
        "INC",
        "CORP",
        "CORPORATION",
        "CO",
        "GMBH",
        "AG",
        "KG",
        "OHG",
        "UG",
        "SE",
        "SA",
        "SAS",
        "SARL",
        "BV",
        "NV",
        "SRL",
        "SPA",
        "OY",
        "OYJ",
        "AB",
        "AS",
        "ASA",
        "APS",
        "OU",
        "OÜ",
        "UAB",
        "SIA",
        "LLP",
        "LP",
        "PLC",
        "PTE",
        "PTY",
        "KFT",
        "ZRT",
        "DOO",
        "SRO",
        "FZE",
        "FZCO",
        "EOOD",
        "OOO",
        "JSC",
        "PJSC",
        "ODO",
    ]
)
FORMS = QUOTED | OF_PERSONS | LATIN
IN_FULL = (
    "общество с ограниченной", "общество с дополнительной", "акционерное общество", "индивидуальный предприниматель",
    "унитарное предприятие", "товарищество", "кооператив", "учреждение", "автономная некоммерческая", "фонд",
    "limited liability", "sp. z o.o", "sp. z o. o",
)  # fmt: skip
STRAIGHT = ('"', "“", "”", "„", "‟", "″")
# Shorter words in capitals are taken for abbreviations: МТС, IBM.
SHORT_CYRILLIC, SHORT_LATIN = 3, 4
VOWELS = frozenset("аеёиоуыэюяіўaeiouy")


def form_of(word: str) -> str:
    """The legal form that the word is, or an empty string; case, brackets, quotes and stops do not matter."""
    bare = re.sub(r"[^\w]", "", word).upper()
    return bare if bare in FORMS else ""


def has_form(name: str) -> bool:
    """Whether a legal form stands in the name, short or in full."""
    low = name.casefold()
    return any(map(form_of, _words(name))) or any(phrase in low for phrase in IN_FULL)


def tidied(name: str) -> str:
    """One pair of straight quotes becomes «…», and a space stands between the form and its quote."""
    if sum(name.count(mark) for mark in STRAIGHT) == 2 and not {"«", "»"} & set(name):
        first, second = (at for at, sign in enumerate(name) if sign in STRAIGHT)
        inner = name[first + 1 : second]
        if inner.strip() and not _is_latin(name):
            name = f"{name[:first]}«{inner.strip()}»{name[second + 1 :]}"
    head, quote, rest = name.partition("«")
    if quote and head and not head[-1].isspace() and form_of(head):
        name = f"{head} «{rest}"
    return name


def better(name: str) -> str:
    """The name as the regulation would have it, where that can be told: «ООО ЦИФРА» gives «ООО «Цифра»»; else as it is."""
    words = name.split()
    places = [at for at, word in enumerate(words) if form_of(word) and has_letter(word)]
    if len(places) != 1 or len(words) < 2 or places[0] not in (0, len(words) - 1):
        return _cased(name) if not places else name
    form = words[places[0]]
    if not form[-1].isalpha() or not form[0].isalpha():
        return name
    rest = " ".join(words[:-1] if places[0] else words[1:])
    bare = form_of(form)
    if bare in LATIN:
        return f"{_cased(rest)} {form}" if places[0] else f"{form} {_cased(rest)}"
    rest = _begun(_cased(rest.rstrip(",") or rest))
    if bare in QUOTED and not {"«", "»", *STRAIGHT} & set(rest):
        rest = f"«{rest}»"
    written = form if form in ("ОсОО", "ТзОВ", "ПрАТ") else form.upper()
    return f"{written} {rest}"


def _cased(text: str) -> str:
    """The text with small letters where it is written in capitals alone; abbreviations stay."""
    if not capitals_only(text):
        return text
    return " ".join(
        word if form_of(word) or _is_abbreviation(word) else capital(small(word))
        for word in text.split()
    )


def _is_abbreviation(word: str) -> bool:
    letters = [sign for sign in word.casefold() if sign.isalpha()]
    limit = SHORT_LATIN if _is_latin(word) else SHORT_CYRILLIC
    dotted = "." in word[:-1] or any(sign.isdigit() for sign in word)
    return dotted or len(letters) <= limit or not VOWELS & set(letters)


def _begun(text: str) -> str:
    first, space, rest = text.partition(" ")
    return capital(first) + space + rest if first == first.lower() else text


def _is_latin(text: str) -> bool:
    return not any("а" <= sign <= "я" or sign in "ёіў" for sign in text.casefold())


def _words(name: str) -> list[str]:
    return re.split(r"[\s«»\"“”„]+", name)
