"""«Контроль закрытий»: every closing with its grounds on one page, decided there one by one or several at once."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Deal, Task, User
from crm.planning import tasks
from crm.registers import control
from pipelines.actor import Actor
from tests.clauses.steps import DAY, HOUR, at_stage, fresh, hear_from, move, talk, try_to_reach
from tests.factories import NOON, make_deal

pytestmark = [pytest.mark.django_db, pytest.mark.clause("AX-9.9")]


def closed(owner: User, *, name: str = "Базовое внедрение", **answers: str) -> Deal:
    deal = make_deal(owner, name=name)
    return move(deal, "refused", **({"refusal_reason": "spam"} | answers))


def control_task(deal: Deal) -> Task:
    return Task.objects.get(deal=deal, kind="control")


def ticked(*deals: Deal) -> list[str]:
    found = [control_task(deal) for deal in deals]
    return [f"{task.pk}~{task.revision}" for task in found]


def shown(user: User) -> list[Deal]:
    return [row.deal for row in control.closings(user, now=NOON + DAY).rows]


def test_a_head_sees_the_grounds_of_each_closing(alice: User, olga: User, client: Client) -> None:
    deal = at_stage(alice, "kp_sent", name="Склад")
    talk(deal, recording="https://calls.example.com/7.mp3")
    letter = hear_from(deal, now=NOON + HOUR, text="передумали")
    try_to_reach(deal, 2, now=NOON + 2 * HOUR)
    move(deal, "refused", now=NOON + DAY, refusal_reason="not_needed", refusal_evidence=letter.pk)
    (row,) = control.closings(olga, now=NOON + DAY).rows
    assert [reason.event for reason in row.reasons] == [None, letter.pk]
    assert [bool(row.reasons[0].words), row.reasons[1].words] == [True, "передумали"]
    assert (row.deal.attempts, row.closed.event.actor) == (2, alice)
    assert [call.data["recording"] for call in row.recordings] == [
        "https://calls.example.com/7.mp3"
    ]
    assert row.history[0].to_stage.code == "refused"

    client.force_login(olga)
    page = client.get("/control/").content.decode()
    for words in ("Склад", "передумали", f"#event-{letter.pk}", "https://calls.example.com/7.mp3"):
        assert words in page, words


def test_a_closing_of_the_system_says_so(alice: User, olga: User, client: Client) -> None:
    from pipelines import engine
    from tests.clauses.steps import WEEK

    make_deal(alice)
    engine.fire_due(NOON + 8 * WEEK)
    client.force_login(olga)
    assert "система" in client.get("/control/").content.decode()


def test_several_closings_are_confirmed_at_once(
    alice: User, bob: User, olga: User, client: Client
) -> None:
    first, second, third = closed(alice), closed(bob), closed(bob)
    client.force_login(olga)
    client.post("/control/choose/", {"task": ticked(first, second), "outcome": "closing_confirmed"})
    assert [control_task(deal).state for deal in (first, second, third)] == ["done", "done", "open"]
    assert shown(olga) == [third]


def test_several_are_taken_up_again_with_one_comment(
    alice: User, olga: User, client: Client
) -> None:
    deals = [closed(alice), closed(alice)]
    client.force_login(olga)
    choice = {"task": ticked(*deals), "outcome": "closing_reopened"}
    response = client.post("/control/choose/", choice, follow=True)
    # Without a word on why nothing is done.
    assert "Базовое внедрение" in response.content.decode()
    assert {fresh(deal).status for deal in deals} == {"lost"}
    client.post("/control/choose/", choice | {"result": "клиент вернулся"})
    assert {fresh(deal).status for deal in deals} == {"open"}
    assert {control_task(deal).result for deal in deals} == {"клиент вернулся"}


def test_what_another_head_decided_meanwhile_is_said_and_the_others_are_done(
    alice: User, olga: User, administrator: User, client: Client
) -> None:
    first, second = closed(alice, name="Первая"), closed(alice, name="Вторая")
    seen = ticked(first, second)
    tasks.choose_outcome(
        control_task(first), "closing_confirmed", by=Actor.person(administrator),
        now=NOON + DAY, answers={},
    )  # fmt: skip
    client.force_login(olga)
    page = client.post(
        "/control/choose/", {"task": seen, "outcome": "closing_confirmed"}, follow=True
    ).content.decode()
    assert "Первая" in page
    assert control_task(second).state == "done"


def test_a_stranger_sees_and_decides_nothing(
    alice: User, olga: User, charlie: User, client: Client
) -> None:
    deal = closed(alice)
    charlie.team.head = stranger = User.objects.create_user("head@example.com", "x" * 12)
    charlie.team.save()
    client.force_login(stranger)
    assert shown(User.objects.get(pk=stranger.pk)) == []
    client.post("/control/choose/", {"task": ticked(deal), "outcome": "closing_confirmed"})
    assert control_task(deal).state == "open"


def test_a_manager_is_told_whose_page_it_is(alice: User, olga: User, client: Client) -> None:
    deal = closed(alice)
    client.force_login(alice)
    page = client.get("/control/")
    assert page.status_code == 403
    assert "Закрытия смотрит руководитель." in page.content.decode()
    choice = {"task": ticked(deal), "outcome": "closing_confirmed"}
    assert client.post("/control/choose/", choice).status_code == 403
    assert "/control/" not in client.get("/tasks/").content.decode()
    assert control_task(deal).state == "open"


def test_a_control_of_another_kind_is_none_of_this_page(alice: User, olga: User) -> None:
    deal = make_deal(alice)
    for kind in ("control", "other"):
        tasks.create_task(
            text="Проверить", due_at=NOON + DAY, owner=olga, by=Actor.person(olga), now=NOON,
            deal=deal, kind=kind,
        )  # fmt: skip
    assert shown(olga) == []


@pytest.mark.parametrize("typed", ["", "x", "7", "7~", "~1", "7~1~2", "9" * 30 + "~1", "²~1"])
def test_nonsense_is_answered_by_a_sentence(
    olga: User, alice: User, client: Client, typed: str
) -> None:
    client.force_login(olga)
    assert client.post("/control/choose/", {"task": typed, "outcome": "x"}).status_code == 302


def test_the_card_shows_the_same_control(alice: User, olga: User, client: Client) -> None:
    deal = closed(alice)
    Task.objects.filter(pk=control_task(deal).pk).update(code="look_at_it")
    client.force_login(olga)
    assert "border-danger" in client.get(f"/deals/{deal.pk}/").content.decode()
    assert timezone.now()
