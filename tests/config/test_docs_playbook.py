"""docs/write-a-playbook.md is what it says: its YAML is the example's, it loads, and a deal walks through every rule."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import translation

from crm.models import Deal, Task, User
from notifications.models import Message
from pipelines import catalog, engine, playbook
from pipelines.errors import MoveRefused
from pipelines.models import Rule
from tests.clauses.steps import DAY, HOUR, MINUTE, choose, fresh, hear_from, move, offers, take
from tests.factories import NOON, make_deal

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "write-a-playbook.md").read_text(encoding="utf-8")
EXAMPLE = DOCS / "examples" / "carservice"
BLOCKS = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def written(blocks: list[tuple[str, str]], folder: Path) -> Path:
    """The files that whoever follows the page has after these blocks."""
    files: dict[str, list[str]] = {}
    for name, text in blocks:
        files.setdefault(name, []).append(text)
    for name, parts in files.items():
        (folder / name).write_text("\n".join(parts), encoding="utf-8")
    return folder


def test_the_page_and_the_example_are_the_same(tmp_path: Path) -> None:
    folder = written(BLOCKS, tmp_path)
    names = sorted(path.name for path in EXAMPLE.iterdir())
    assert (
        names == sorted(path.name for path in folder.iterdir()) == ["company.yaml", "repairs.yaml"]
    )
    for name in names:
        assert (folder / name).read_text() == (EXAMPLE / name).read_text(), name


@pytest.mark.parametrize("count", range(5, len(BLOCKS) + 1))
def test_every_step_from_the_fifth_on_passes_the_check(
    db: None, tmp_path: Path, count: int
) -> None:
    assert playbook.check(written(BLOCKS[:count], tmp_path)) == []


def test_the_mistake_on_the_page_is_answered_as_it_says(db: None, tmp_path: Path) -> None:
    folder = written(BLOCKS, tmp_path)
    path = folder / "repairs.yaml"
    path.write_text(
        path.read_text().replace("fields: [car, plate, visit]", "fields: [car, plat, visit]")
    )
    with translation.override("ru"):
        [problem] = playbook.check(folder)
    assert f"    {problem}\n" in PAGE, problem


# ── The walk ──


@pytest.fixture
def manager(alice: User) -> User:
    playbook.load(EXAMPLE, now=NOON)
    catalog.refresh()
    alice.phone = "+7 495 000-00-00"
    alice.save()
    return alice


def opened(manager: User, **given: Any) -> Deal:
    return make_deal(manager, pipeline="repairs", name="Стучит подвеска", **given)


def task(deal: Deal, text: str) -> Task:
    return Task.objects.get(deal=deal, text=text)


BOOKED = {"car": "Лада Веста", "plate": "А123ВС 77", "visit": "2026-03-12"}


def test_a_request_has_its_task_in_working_time(manager: User) -> None:
    """Saturday, five in the evening: the reception closed at four and opens on Tuesday, for Monday is a holiday."""
    saturday = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)
    call = task(opened(manager, now=saturday), "Перезвонить по заявке")
    assert call.due_at == datetime(2026, 3, 10, 6, 15, tzinfo=UTC)
    assert call.rule is not None
    assert call.rule.clause == "S-1"


def test_nobody_is_booked_in_without_a_car(manager: User) -> None:
    deal = opened(manager)
    with pytest.raises(MoveRefused) as refused:
        move(deal, "booked", car="Лада Веста")
    [refusal] = refused.value.refusals
    assert (refusal.clause, set(refusal.fields)) == ("S-2", {"plate", "visit"})


def test_whoever_is_booked_in_gets_a_letter_and_an_sms(manager: User) -> None:
    deal = move(opened(manager), "booked", **BOOKED)
    letter = Message.objects.get(deal=deal, channel="email")
    assert letter.subject == "Вы записаны в «Поворот»"
    assert letter.text.rstrip().endswith("Алиса Белова, автосервис «Поворот»")
    sms = Message.objects.get(deal=deal, channel="sms")
    assert sms.text.endswith("Вопросы: +7 495 000-00-00")
    assert task(deal, "Перезвонить по заявке").state == "done"
    assert task(deal, "Принять машину").state == "open"


@pytest.mark.parametrize("answers", [False, True])
def test_an_estimate_without_an_answer_for_a_day_is_asked_about(
    manager: User, answers: bool
) -> None:
    deal = move(move(opened(manager), "booked", **BOOKED), "estimate")
    if answers:
        hear_from(deal, now=NOON + HOUR, text="согласен")
    engine.fire_due(NOON + DAY - MINUTE)
    assert not Task.objects.filter(deal=deal, text="Спросить о смете").exists()
    engine.fire_due(NOON + DAY)
    assert Task.objects.filter(deal=deal, text="Спросить о смете").exists() is not answers


def test_the_third_time_without_an_answer_closes_the_request_with_a_click(manager: User) -> None:
    deal = opened(manager)
    call = task(deal, "Перезвонить по заявке")
    for number in range(1, 4):
        choose(call, "no_answer", now=NOON + number * HOUR)
        assert fresh(call).due_at == NOON + (number + 1) * HOUR
        assert len(offers(deal)) == (1 if number == 3 else 0)
    take(offers(deal)[0], by=manager, now=NOON + 4 * HOUR)
    deal = fresh(deal)
    assert (deal.status, deal.get_value("refusal")) == ("lost", "no_answer")
    assert fresh(call).state == "cancelled"


def test_a_car_is_given_back_when_it_is_paid(manager: User) -> None:
    deal = move(move(opened(manager), "booked", **BOOKED), "repair")
    with pytest.raises(MoveRefused) as refused:
        move(deal, "given")
    assert [item.clause for item in refused.value.refusals] == ["S-6"]
    assert move(deal, "given", paid="on").status == "won"


def test_a_refusal_has_its_reason(manager: User) -> None:
    deal = opened(manager)
    with pytest.raises(MoveRefused) as refused:
        move(deal, "refused")
    assert [item.clause for item in refused.value.refusals] == ["S-7"]
    assert move(deal, "refused", refusal="far").status == "lost"


def test_every_clause_of_the_sheet_has_its_rule(manager: User) -> None:
    clauses = set(Rule.objects.filter(pipeline__code="repairs").values_list("clause", flat=True))
    assert clauses == {f"S-{number}" for number in range(1, 8)}


def test_loaded_a_second_time_nothing_changes(manager: User, capsys) -> None:
    call_command("playbook", "check", str(EXAMPLE))
    call_command("playbook", "diff", str(EXAMPLE))
    before = Rule.objects.filter(pipeline__code="repairs").count()
    call_command("playbook", "load", str(EXAMPLE))
    assert Rule.objects.filter(pipeline__code="repairs").count() == before


def test_the_export_is_the_same_playbook(manager: User, tmp_path: Path) -> None:
    call_command("playbook", "export", "carservice", dir=tmp_path)
    assert (tmp_path / "repairs.yaml").is_file()
