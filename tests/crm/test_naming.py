"""How names are written: what is put right, what is offered, what is said, and that no letter is ever lost."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm.names import fullnames, naming
from crm.names.naming import COMPANY, CONTACT, DEAL, RECORDS, Rules, check

RULES = {
    DEAL: Rules(words=(1, 4), clause="N1"),
    CONTACT: Rules(words=(1, 3), clause="N2", order="N2.5"),
    COMPANY: Rules(legal_form="N3.1", capitals="N3.2"),
}


def offered(record: str, name: str) -> list[tuple[str, str]]:
    found = check(record, name, RULES[record])
    assert not found.suggestions or found.name == " ".join(name.split())
    return [(suggestion.name, suggestion.clause) for suggestion in found.suggestions]


def said(record: str, name: str) -> list[str]:
    return [complaint.clause for complaint in check(record, name, RULES[record]).complaints]


# ── What is valid as it stands ───────────────────────────────────────────────────────────────

RIGHT = {
    DEAL: [
        "Базовое внедрение", "Аудит аккаунта", "Готовый виджет распределения заявок", "Комплексное внедрение",
        "Внедрение воронки. Бизнес-анализ", "Аудит", "amoCRM под ключ", "iPhone", "1С и CRM", "Сайт – магазин – CRM",
        "Внедрение…", "CRM", "«Аудит»",
    ],
    CONTACT: [
        "Алексей", "Алексей Николаевич", "Алексей Николаевич Лукашевич", "Алексей Лукашевич", "Николаевич Лукашевич",
        "Анна Ёлкина", "Кузьма Петров-Водкин", "Анна-Мария Шульц", "Ольга Сергеевна", "Любовь Орлова", "Вера Мороз",
        "Джон Смит", "John Smith", "Smith John", "Ким Чен Ын", "Мао Цзэдун", "Людвиг ван Бетховен", "Бхагат Сингх",
        "Али Гасан оглы Мамедов", "Рональд МакДональд", "Роман Павел", "Клиент Анна", "Магазин Анна", "Лукашевич А.Н.",
        "Без имени", "+375291112233", "client@example.com", "Ли Анна",
    ],
    COMPANY: [
        "ИП Лукашевич", "ООО «Айти Технологии»", "ЧУП «Веб технологии»", "ООО «Цифра»", "ПАО «МТС»", "Банк ВТБ (ПАО)",
        "Digit LLC", "IBM Inc.", "Müller GmbH", "Foo Sp. z o.o.", "ТОО «Алма»", "ГУП «Мосгортранс»", "СООО «Мобайл»",
        "Общество с ограниченной ответственностью «Цифра»",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("record", "name"), [(record, name) for record, names in RIGHT.items() for name in names]
)
def test_a_right_name_stays_and_nothing_is_said(record: str, name: str) -> None:
    found = check(record, name, RULES[record])
    assert found.name == name
    assert found.is_right, found


# ── What is put right by itself ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("record", "typed", "stored"),
    [
        (DEAL, "  базовое   внедрение. ", "Базовое внедрение"),
        (DEAL, "бизнес-анализ", "Бизнес-анализ"),
        (DEAL, "«аудит» сайта", "«Аудит» сайта"),
        (DEAL, "ёлка", "Ёлка"),
        (CONTACT, "алексей лукашевич", "Алексей Лукашевич"),
        (CONTACT, "кузьма петров-водкин", "Кузьма Петров-Водкин"),
        (CONTACT, "анна ёлкина", "Анна Ёлкина"),
        (CONTACT, "людвиг ван бетховен", "Людвиг ван Бетховен"),
        (COMPANY, 'ООО "Цифра"', "ООО «Цифра»"),
        (COMPANY, "ООО “Цифра”", "ООО «Цифра»"),
        (COMPANY, "ООО„Цифра“", "ООО «Цифра»"),
        (COMPANY, "ООО«Цифра»", "ООО «Цифра»"),
    ],
)
def test_what_is_safe_is_put_right(record: str, typed: str, stored: str) -> None:
    found = check(record, typed, RULES[record])
    assert (found.name, found.is_right) == (stored, True)


# ── What is offered ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("typed", "better"),
    [
        ("Лукашевич Алексей Николаевич", "Алексей Николаевич Лукашевич"),
        ("Лукашевич Алексей", "Алексей Лукашевич"),
        ("Иванов Иван Иванович", "Иван Иванович Иванов"),
        ("Пушкина Наталья Николаевна", "Наталья Николаевна Пушкина"),
        ("Шевченко Тарас Григорьевич", "Тарас Григорьевич Шевченко"),
        ("Кузюкевич Ольга Ивановна", "Ольга Ивановна Кузюкевич"),
        ("Петров-Водкин Кузьма", "Кузьма Петров-Водкин"),
        ("Салтыков-Щедрин Михаил Евграфович", "Михаил Евграфович Салтыков-Щедрин"),
        ("Ёлкина Анна", "Анна Ёлкина"),
        ("Петров Николаевич", "Николаевич Петров"),
        ("Петрова Ивановна Анна", "Анна Ивановна Петрова"),
        ("Алексей Петров Николаевич", "Алексей Николаевич Петров"),
        ("Николаевич Алексей Петров", "Алексей Николаевич Петров"),
        ("Мухаммедов Рустам", "Рустам Мухаммедов"),
        ("ЛУКАШЕВИЧ АЛЕКСЕЙ", "Алексей Лукашевич"),
        ("ЛУКАШЕВИЧ Алексей", "Алексей Лукашевич"),
    ],
)
def test_the_order_of_a_full_name_is_offered(typed: str, better: str) -> None:
    assert offered(CONTACT, typed) == [(better, "N2.5")]


@pytest.mark.parametrize(
    ("record", "typed", "better", "clause"),
    [
        (DEAL, "АУДИТ CRM", "Аудит CRM", "N1"),
        (CONTACT, "АЛЕКСЕЙ", "Алексей", "N2"),
        (CONTACT, "аННА", "Анна", "N2"),
        (COMPANY, "ООО ЦИФРА", "ООО «Цифра»", "N3.2"),
        (COMPANY, "ООО «ЦИФРА»", "ООО «Цифра»", "N3.2"),
        (COMPANY, "ООО Цифра", "ООО «Цифра»", "N3.2"),
        (COMPANY, "ооо цифра", "ООО «Цифра»", "N3.2"),
        (COMPANY, "Цифра, ООО", "ООО «Цифра»", "N3.2"),
        (COMPANY, "ООО БЕЛСТРОЙ-ЕВРО", "ООО «Белстрой-Евро»", "N3.2"),
        (COMPANY, "ИП ЛУКАШЕВИЧ", "ИП Лукашевич", "N3.2"),
        (COMPANY, "DIGITAL LLC", "Digital LLC", "N3.2"),
        (COMPANY, "ОсОО Ромашка", "ОсОО «Ромашка»", "N3.2"),
    ],
)
def test_another_writing_is_offered_and_not_forced(record, typed, better, clause) -> None:
    assert offered(record, typed) == [(better, clause)]


def test_what_the_statutes_say_is_not_touched() -> None:
    for name in ("ООО ЦИФРА", 'ООО "ЦИФРА"', "ооо цифра", "Цифра"):
        found = check(COMPANY, name, RULES[COMPANY], statutory=True)
        assert (found.name, found.is_right) == (name, True)


# ── What is only said ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("record", "typed", "clauses"),
    [
        (DEAL, "Один два три четыре пять", ["N1"]),
        (DEAL, "Внедрение и т.д.", ["N1"]),
        (DEAL, "Внедрение...", ["N1"]),
        (DEAL, "?!", ["N1"]),
        (CONTACT, "Иван Иванович Иванов Младший", ["N2"]),
        (COMPANY, "Цифра", ["N3.1"]),
        (COMPANY, "Ипотека", ["N3.1"]),
    ],
)
def test_what_only_a_person_can_mend_is_said_with_its_clause(record, typed, clauses) -> None:
    found = check(record, typed, RULES[record])
    assert found.name == typed
    assert said(record, typed) == clauses


@pytest.mark.parametrize(
    "form", ["ИП", "ЧУП", "ООО", "ОАО", "ЗАО", "ПАО", "АО", "УП", "ЧТУП", "СООО", "ИООО", "НАО", "ГУП", "МУП", "ТОО"]
)  # fmt: skip
def test_every_legal_form_is_known(form: str) -> None:
    assert not said(COMPANY, f"{form} «Цифра»")
    assert not said(COMPANY, f"«Цифра» ({form.lower()})")


@pytest.mark.parametrize("form", ["LLC", "Ltd.", "GmbH", "Inc", "S.A.", "s.r.o.", "B.V."])
def test_foreign_legal_forms_are_known(form: str) -> None:
    assert not said(COMPANY, f"Digit {form}")


# ── What is asked is data ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("record", RECORDS)
def test_without_rules_nothing_is_asked(record: str) -> None:
    for name in ("лукашевич алексей.", "ООО ЦИФРА", "А Б В Г Д Е"):
        found = check(record, name, None)
        assert (found.name, found.is_right) == (name, True)


def test_a_company_may_ask_for_a_part_only() -> None:
    assert check(CONTACT, "Лукашевич Алексей", Rules(clause="N2")).is_right
    assert check(COMPANY, "ЦИФРА", Rules(legal_form="N3.1")).suggestions == ()
    assert check(COMPANY, "ЦИФРА", Rules(capitals="N3.2")).complaints == ()


def test_a_contacts_automatic_name_is_no_name_to_be_tidied() -> None:
    for name in ("заявка с сайта", "client@example.com", "+375 29 111", "алексей@"):
        assert naming.tidier(CONTACT, name, RULES[CONTACT]) is None
    found = naming.tidier(CONTACT, "алексей лукашевич", RULES[CONTACT])
    assert found is not None
    assert found.name == "Алексей Лукашевич"


# ── Whatever is typed ────────────────────────────────────────────────────────────────────────

WORDS = st.sampled_from(
    [
        "Лукашевич", "алексей", "НИКОЛАЕВИЧ", "ООО", "ип", "«", "»", '"', ".", "т.д.", "ß", "İ", "ŉ", "Ёлкина", "-",
        "Петров-Водкин", "CRM", "цифра", "LLC", "(ПАО)", "ѓ", "й", "1С", "\x00", "🙂", "ﬁ", "оглы", "…",
    ]
)  # fmt: skip
TYPED = st.one_of(
    st.text(max_size=80),
    st.lists(WORDS, max_size=7).map(" ".join),
    st.lists(WORDS, max_size=5).map("".join),
)


def letters(text: str) -> list[str]:
    """The letters in any order and case."""
    return sorted(sign for sign in text.casefold() if sign.isalnum())


@settings(max_examples=400, deadline=None)
@given(record=st.sampled_from(RECORDS), typed=TYPED)
@example(record=COMPANY, typed='ООО """')
@example(record=COMPANY, typed="ООО ООО")
@example(record=DEAL, typed=". .")
def test_nothing_typed_breaks_it_and_no_letter_is_lost(record: str, typed: str) -> None:
    found = check(record, typed, RULES[record])
    assert letters(found.name) == letters(typed)
    assert check(record, found.name, RULES[record]).name == found.name
    for suggestion in found.suggestions:
        assert letters(suggestion.name) == letters(typed)
        again = check(record, suggestion.name, RULES[record])
        # What was accepted is neither changed nor questioned by another offer.
        assert (again.name, again.suggestions) == (suggestion.name, ())


@settings(max_examples=200, deadline=None)
@given(words=st.lists(st.text(max_size=20), max_size=5))
def test_the_order_is_made_of_the_same_words(words: list[str]) -> None:
    assert sorted(fullnames.in_order(words)) == sorted(words)
