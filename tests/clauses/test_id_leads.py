"""iDrive: new requests, and taking them up."""

from __future__ import annotations

import pytest

from crm.models import Task, User
from crm.planning import task_answers
from crm.planning.tasks import TaskRefused
from pipelines import catalog
from pipelines.engine import MoveRefused
from pipelines.errors import BadAnswer, RegulationError
from tests.clauses.idrive import (
    NEXT,
    broken,
    by_hand,
    cancel,
    finish,
    lead,
    on_stage,
    open_task,
    stage_of,
    talk,
    time_passes,
    we_write,
    writes,
)
from tests.clauses.steps import (
    HOUR,
    MINUTE,
    choose,
    clauses_against,
    fresh,
    minsk,
    move,
    refused,
)
from tests.factories import NOON

pytestmark = pytest.mark.usefixtures("idrive")

# ── ID-0 ───────────────────────────────────────────────────────────────────────


@pytest.mark.clause("ID-0")
def test_the_stages_stand_in_the_order_of_the_regulation() -> None:
    assert [(stage.name, stage.kind) for stage in catalog.by_code("driving").stages] == [
        ("Новые заявки (лиды)", "open"),
        ("Взято в работу", "open"),
        ("Не было 1 касания", "open"),
        ("Ведётся переписка", "open"),
        ("Принимает решение", "open"),
        ("Встреча назначена", "open"),
        ("Онлайн договор", "open"),
        ("Отложенный спрос", "open"),
        ("Договор", "won"),
        ("Не продали", "lost"),
        ("Не целевой", "lost"),
    ]


@pytest.mark.clause("ID-0")
def test_each_stage_says_its_goal_and_general_rules_at_the_column_and_on_the_card(
    client, alice: User
) -> None:
    client.force_login(alice)
    board = client.get("/deals/?pipeline=driving").content.decode()
    for stage in catalog.by_code("driving").stages:
        assert stage.goal in board
        for line in stage.general_rules.splitlines():
            assert line in board
    deal = on_stage(alice, "deciding")
    stage = catalog.by_code("driving").stage_by_code["deciding"]
    card = client.get(f"/deals/{deal.pk}/").content.decode()
    assert stage.goal in card
    assert all(line in card for line in stage.general_rules.splitlines())


# ── ID-1.1 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("ID-1.1")
def test_a_request_that_nobody_contacted_for_fifteen_working_minutes_is_a_violation(
    alice: User,
) -> None:
    deal = lead(alice)
    time_passes(NOON + 14 * MINUTE)
    assert broken(deal) == []
    time_passes(NOON + 15 * MINUTE)
    assert broken(deal) == ["ID-1.1"]


@pytest.mark.clause("ID-1.1")
@pytest.mark.parametrize(
    ("came", "due"),
    [
        ("2026-03-10 19:50", "2026-03-11 09:05"),
        ("2026-03-10 23:30", "2026-03-11 09:15"),
        ("2026-03-14 16:50", "2026-03-15 10:05"),  # Saturday is worked, and Sunday
    ],
)
def test_the_fifteen_minutes_are_those_of_working_time(alice: User, came: str, due: str) -> None:
    assert fresh(lead(alice, now=minsk(came))).stage_deadline == minsk(due)


@pytest.mark.clause("ID-1.1")
def test_a_request_contacted_in_time_breaks_nothing(alice: User) -> None:
    deal = lead(alice)
    talk(deal, now=NOON + 10 * MINUTE)
    time_passes(NOON + HOUR)
    assert broken(deal) == []


@pytest.mark.clause("ID-1.1")
@pytest.mark.parametrize(
    ("now", "said"),
    [
        (NOON + 5 * MINUTE, "10 мин"),
        (NOON + 14 * MINUTE, "1 мин"),
        (NOON + HOUR, "просрочено на 45 мин"),
    ],
)
def test_the_countdown_stands_on_the_board_in_the_list_and_on_the_card(
    client, alice: User, time_machine, now, said: str
) -> None:
    deal = lead(alice)
    client.force_login(alice)
    time_machine.move_to(now, tick=False)
    for url in ("/deals/?pipeline=driving", "/deals/table/?pipeline=driving", f"/deals/{deal.pk}/"):
        page = client.get(url).content.decode()
        assert f'data-deadline="{(NOON + 15 * MINUTE).isoformat()}"' in page, url
        assert said in page, url


@pytest.mark.clause("ID-1.1")
def test_at_night_the_countdown_says_when_work_begins(client, alice: User, time_machine) -> None:
    lead(alice, now=minsk("2026-03-10 22:00"))
    client.force_login(alice)
    time_machine.move_to(minsk("2026-03-10 22:30"), tick=False)
    assert "с 09:00, 15 мин" in client.get("/deals/?pipeline=driving").content.decode()


# ── ID-1.2 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("ID-1.2")
def test_a_scenario_that_asks_for_a_comment_is_refused_without_one(alice: User) -> None:
    deal = lead(alice)
    with refused(BadAnswer) as caught:
        choose(open_task(deal), "reached")
    assert "result" in caught.value.errors
    assert (stage_of(deal), open_task(deal).text) == ("new", "Обработать заявку")


@pytest.mark.clause("ID-1.2")
def test_correspondence_is_entered_with_a_task_and_left_without_none(alice: User) -> None:
    deal = lead(alice)
    with refused(MoveRefused) as caught:
        move(deal, "chatting")
    assert caught.value.fields == list(task_answers.CODES)
    move(deal, "chatting", **NEXT)
    task = open_task(deal)
    assert (task.text, task.owner) == ("Перезвонить", alice)
    with refused(TaskRefused, match="ID-1.2"):
        finish(task)
    by_hand(deal, text="Ещё одна")
    assert finish(task).state == "done"


@pytest.mark.clause("ID-1.2")
@pytest.mark.parametrize(
    "wrong",
    [
        {"task_text": "Перезвонить"},
        {"task_due_at": NEXT["task_due_at"]},
        NEXT | {"task_due_at": "завтра"},
        NEXT | {"task_due_at": "2026-03-01T09:00:00+00:00"},
    ],
)
def test_half_a_task_is_none_and_moves_nothing(alice: User, wrong: dict[str, str]) -> None:
    deal = lead(alice)
    with refused(BadAnswer):
        move(deal, "chatting", **wrong)
    assert (stage_of(deal), fresh(deal).tasks.count()) == ("new", 1)


# ── ID-1.3 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("ID-1.3")
@pytest.mark.parametrize(("seconds", "found"), [(599, []), (600, ["ID-1.3"]), (3600, ["ID-1.3"])])
def test_a_conversation_of_ten_minutes_or_longer_is_a_violation(
    alice: User, seconds: int, found: list[str]
) -> None:
    deal = lead(alice)
    talk(deal, seconds=seconds)
    assert broken(deal) == found


@pytest.mark.clause("ID-1.3")
def test_on_another_stage_one_may_talk_longer(alice: User) -> None:
    deal = on_stage(alice, "taken")
    talk(deal, seconds=3600)
    assert broken(deal) == []


# ── ID-1.4 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("ID-1.4")
def test_the_date_of_creation_is_the_systems_and_nobody_changes_it(client, alice: User) -> None:
    deal = lead(alice)
    assert fresh(deal).get_value("created_at") == NOON
    with refused(BadAnswer):
        move(deal, "not_sold", refusal_reason="expensive", created_at="2020-01-01T10:00")
    assert fresh(deal).created_at == NOON
    client.force_login(alice)
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    assert "Дата создания" in page
    assert "10.03.2026 10:00" in page


# ── ID-1.5 … 1.7 ───────────────────────────────────────────────────────────────


@pytest.mark.clause("ID-1.5")
def test_a_new_request_comes_with_its_task(alice: User) -> None:
    task = open_task(lead(alice))
    assert (task.text, task.owner, task.due_at) == ("Обработать заявку", alice, NOON + 15 * MINUTE)


@pytest.mark.clause("ID-1.6")
@pytest.mark.parametrize("way", [finish, cancel])
@pytest.mark.parametrize("stage", ["new", "taken", "no_touch"])
def test_the_task_is_not_finished_or_cancelled_by_hand(alice: User, stage: str, way) -> None:
    deal = on_stage(alice, stage)
    with refused(TaskRefused, match="ID-1.6"):
        way(open_task(deal))
    assert fresh(deal).tasks.filter(state="open").count() == 1


@pytest.mark.clause("ID-1.6")
@pytest.mark.parametrize(
    ("outcome", "answers", "stage"),
    [
        ("no_answer", {}, "no_touch"),
        ("reached", {"result": "хочет категорию B"}, "taken"),
        ("chat", {"next_step": "Ответить", "next_at": "2026-03-11T10:00+00:00"}, "chatting"),
        (
            "thinks",
            {"pause_reason": "family", "call_back": "2026-03-12T10:00+00:00", "result": "думает"},
            "deciding",
        ),
        (
            "meeting_set",
            {"meeting_at": "2026-03-12T12:00+00:00", "meeting_place": "Баумана, 5"},
            "meeting",
        ),
        ("online_contract", {}, "online"),
        (
            "later",
            {"return_on": "2026-04-20", "next_step": "Позвонить", "result": "весной"},
            "postponed",
        ),
        ("refused", {"refusal_reason": "far", "result": "далеко"}, "not_sold"),
        ("off_target", {"not_target_reason": "age", "result": "15 лет"}, "not_target"),
    ],
)
def test_each_scenario_finishes_the_task_and_does_the_rest(
    alice: User, outcome: str, answers: dict[str, str], stage: str
) -> None:
    deal = lead(alice)
    task = open_task(deal, "process")
    choose(task, outcome, **answers)
    deal = fresh(deal)
    assert (fresh(task).state, fresh(task).scenario, stage_of(deal)) == ("done", outcome, stage)
    # Nothing is left without a task where there should be one (ID-1.2).
    assert (deal.next_task_at is not None) is deal.stage.needs_task
    with refused(RegulationError):
        choose(task, "no_answer")


@pytest.mark.clause("ID-1.6")
def test_what_a_scenarios_stage_still_lacks_is_asked_for_and_nothing_has_happened(
    alice: User,
) -> None:
    deal = lead(alice)
    with refused(MoveRefused) as caught:
        choose(open_task(deal), "meeting_set", meeting_at="2026-03-12T12:00+00:00")
    assert caught.value.fields == ["meeting_place", "meeting_link"]
    assert (stage_of(deal), open_task(deal).code) == ("new", "process")


@pytest.mark.clause("ID-1.7")
@pytest.mark.parametrize("stage", ["new", "taken", "no_touch"])
def test_where_scenarios_rule_a_manager_sets_no_task_and_the_refusal_names_the_rule(
    client, alice: User, stage: str
) -> None:
    deal = on_stage(alice, stage)
    with refused(TaskRefused) as caught:
        by_hand(deal)
    assert [refusal.clause for refusal in caught.value.refusals] == ["ID-1.7"]
    client.force_login(alice)
    data = {"text": "Своя задача", "kind": "call", "due_at": "2030-01-01T10:00"}
    answer = client.post(f"/deals/{deal.pk}/task/", data)
    assert answer.status_code == 422
    assert "ID-1.7" in answer.content.decode()
    assert not Task.objects.filter(deal=deal, text="Своя задача").exists()


@pytest.mark.clause("ID-1.7")
def test_the_page_says_before_one_types_that_tasks_are_not_set_here(client, alice: User) -> None:
    client.force_login(alice)
    deal = lead(alice)
    page = client.get(f"/deals/{deal.pk}/task/").content.decode()
    assert "ID-1.7" in page
    assert "<textarea" not in page
    why = client.get(f"/deals/{deal.pk}/why/", headers={"HX-Request": "true"}).content.decode()
    assert "Здесь задачи руками не ставят" in why


# ── ID-2.1, 2.4 ────────────────────────────────────────────────────────────────


@pytest.mark.clause("ID-2.1")
def test_a_deal_is_taken_up_only_after_a_real_contact(alice: User) -> None:
    deal = lead(alice)
    assert clauses_against(deal, "taken") == ["ID-2.1"]
    we_write(deal)
    assert clauses_against(deal, "taken") == ["ID-2.1"]


@pytest.mark.clause("ID-2.1")
@pytest.mark.parametrize("contact", [talk, writes])
def test_a_conversation_or_a_message_of_the_client_is_a_real_contact(alice: User, contact) -> None:
    deal = lead(alice)
    contact(deal)
    assert clauses_against(deal, "taken") == []


@pytest.mark.clause("ID-2.1")
def test_reached_takes_the_deal_up_with_its_task(alice: User) -> None:
    deal = lead(alice)
    choose(open_task(deal), "reached", result="хочет на автомат")
    assert (stage_of(deal), open_task(deal).text) == ("taken", "Обработать заявку")


@pytest.mark.clause("ID-2.4")
def test_a_deal_idle_beyond_the_stages_limit_is_flagged(client, alice: User, time_machine) -> None:
    deal = on_stage(alice, "taken")
    time_passes(NOON + 3 * HOUR)
    assert not deal.events.filter(verb="deal.warned").exists()
    time_passes(NOON + 4 * HOUR)
    assert deal.events.filter(verb="deal.warned", data__clause="ID-2.4").count() == 1
    client.force_login(alice)
    time_machine.move_to(NOON + 5 * HOUR, tick=False)
    assert "age-late" in client.get("/deals/?pipeline=driving").content.decode()
    assert "дольше срока" in client.get(f"/deals/{deal.pk}/").content.decode()
