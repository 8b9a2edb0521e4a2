"""KO-1 to KO-2.7, KO-2.13 and KO-3: the two pipelines, whose stage is whose, the outcomes of a call."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from crm.models import Deal, InvoiceKind, Task, User
from crm.money import invoices
from crm.planning import tasks
from pipelines import catalog
from pipelines.actor import Actor
from pipelines.engine import fire_due
from tests.clauses.steps import (
    DAY,
    HOUR,
    choose,
    clauses_against,
    fresh,
    move,
    refused,
    talk,
    task_of,
    try_to_reach,
)
from tests.factories import NOON, make_deal
from tests.fixtures.school import lead

pytestmark = pytest.mark.usefixtures("school")

TEMPERATURES = [
    "актив", "сайт", "анкета", "ранний список", "теплый", "реанимация", "горячий", "автооплата", "частичная оплата",
]  # fmt: skip
STAGES = [
    "Реанимация", "Новая заявка", "Лид на распред", "Лид распределен", "Недозвон", "Не прошел квалификацию",
    "Переговоры", "Принимает решение", "Выставлен счет", "Процесс оплаты", "(100$) Внесена предоплата",
    "Частичная оплата", "Возврат", "Успешно реализовано", "Закрыто и не реализовано",
]  # fmt: skip


def taken(owner: User) -> Deal:
    """A lead that its manager took in hand: he is to call it."""
    deal = lead(owner, "assigned")
    choose(task_of(deal, "take_lead"), "take_lead")
    return fresh(deal)


@pytest.mark.clause("KO-1.1")
def test_a_manager_sees_and_works_both_pipelines(client: Client, alice: User) -> None:
    make_deal(alice, pipeline="checkins", name="Чекин Марии")
    client.force_login(alice)
    page = client.get("/deals/?pipeline=checkins").content.decode()
    assert "Чекин Марии" in page
    assert "Воронка продаж" in page
    deal = make_deal(alice, pipeline="checkins")
    move(deal, "working", by=alice)
    assert fresh(deal).stage.code == "working"


@pytest.mark.clause("KO-1.1")
def test_a_checkin_untouched_for_a_day_comes_up_in_the_managers_own_day(
    client: Client, alice: User
) -> None:
    deal = make_deal(alice, pipeline="checkins")
    fire_due(NOON + DAY - timedelta(minutes=1))
    assert not Task.objects.filter(deal=deal, code="look_in").exists()
    fire_due(NOON + DAY)
    assert task_of(deal, "look_in").owner == alice
    client.force_login(alice)
    assert "Чекин ждет больше суток" in client.get("/tasks/").content.decode()


@pytest.mark.clause("KO-1.1")
def test_it_comes_up_again_the_next_day_while_nobody_touched_the_checkin(alice: User) -> None:
    deal = make_deal(alice, pipeline="checkins")
    fire_due(NOON + DAY)
    first = task_of(deal, "look_in")
    tasks.complete_task(first, result="потом", by=Actor.person(alice), now=NOON + DAY + HOUR)
    again = Task.objects.get(deal=deal, code="look_in", state="open")
    assert again.due_at == NOON + 2 * DAY + HOUR


@pytest.mark.clause("KO-1.1")
def test_a_checkin_that_was_talked_to_is_left_alone_for_another_day(alice: User) -> None:
    deal = make_deal(alice, pipeline="checkins")
    talk(deal, now=NOON + DAY - HOUR)
    fire_due(NOON + DAY)
    assert not Task.objects.filter(deal=deal, code="look_in").exists()
    fire_due(NOON + 2 * DAY)
    assert Task.objects.filter(deal=deal, code="look_in").count() == 1


@pytest.mark.clause("KO-1.2")
def test_the_nine_temperatures() -> None:
    field = catalog.by_code("school_sales").fields["temperature"]
    assert list(field.choices.values()) == TEMPERATURES


@pytest.mark.clause("KO-1.2")
@pytest.mark.parametrize("where", ["/deals/", "/deals/table/"])
def test_the_temperature_is_on_the_board_and_in_the_table_and_can_be_filtered_by(
    client: Client, alice: User, where: str
) -> None:
    lead(alice, name="Теплый лид")
    lead(alice, name="Горячий лид", answers={"temperature": "hot"})
    client.force_login(alice)
    page = client.get(f"{where}?pipeline=school_sales").content.decode()
    assert "теплый" in page
    assert "горячий" in page
    found = client.get(
        f"{where}?pipeline=school_sales&f-temperature=hot&filters=open"
    ).content.decode()
    assert "Горячий лид" in found
    assert "Теплый лид" not in found
    assert "ранний список" in found
    assert client.get(f"{where}?pipeline=school_sales&f-temperature=%27").status_code == 400


@pytest.mark.clause("KO-1.2")
def test_the_temperature_is_on_the_card(client: Client, alice: User) -> None:
    deal = lead(alice, answers={"temperature": "early"})
    client.force_login(alice)
    assert "ранний список" in client.get(f"/deals/{deal.pk}/").content.decode()


@pytest.mark.clause("KO-2.0")
def test_the_fifteen_stages_in_their_order() -> None:
    stages = catalog.by_code("school_sales").stages
    assert [stage.name for stage in stages] == STAGES
    assert [stage.kind for stage in stages[-2:]] == ["won", "lost"]
    assert {stage.kind for stage in stages[:-2]} == {"open"}


@pytest.mark.clause("KO-2.0")
def test_a_new_lead_comes_to_the_new_requests_though_another_stage_is_first(alice: User) -> None:
    assert lead(alice).stage.code == "new"


@pytest.mark.clause("KO-2.1")
def test_a_reanimation_lands_on_its_own_stage_and_may_stay(alice: User) -> None:
    deal = lead(alice, answers={"temperature": "reanimation"})
    assert fresh(deal).stage.code == "reanimation"
    assert fresh(deal).stage_deadline is None
    fire_due(NOON + 365 * DAY)
    assert fresh(deal).stage.code == "reanimation"


@pytest.mark.clause("KO-2.1")
def test_a_lead_that_turns_out_to_be_a_reanimation_goes_there(alice: User) -> None:
    from crm import deals

    deal = lead(alice, "assigned")
    deals.edit_deal(deal, {"temperature": "reanimation"}, by=Actor.person(alice), now=NOON)
    assert fresh(deal).stage.code == "reanimation"
    working = lead(alice, "talks", answers={"temperature": "reanimation"})
    deals.edit_deal(working, {"discount": "10"}, by=Actor.person(alice), now=NOON)
    assert fresh(working).stage.code == "talks"


@pytest.mark.clause("KO-2.2")
@pytest.mark.parametrize("stage", ["new", "to_distribute"])
def test_the_administrator_of_the_crm_works_on_the_first_stages(
    alice: User, irina: User, stage: str
) -> None:
    from crm import deals

    deal = lead(alice, stage)
    deals.edit_deal(deal, {"source": "webinar"}, by=Actor.person(irina), now=NOON)
    move(deal, "assigned", by=irina)
    assert fresh(deal).stage.code == "assigned"


@pytest.mark.clause("KO-2.3")
def test_a_manager_takes_his_own_lead_and_is_to_call_it(alice: User) -> None:
    deal = lead(alice, "assigned")
    task = task_of(deal, "take_lead")
    assert task.owner == alice
    choose(task, "take_lead")
    assert task_of(deal, "first_call").owner == alice


@pytest.mark.clause("KO-2.3")
def test_leads_are_given_out_in_turn(client: Client, alice: User, bob: User, irina: User) -> None:
    from crm.card.actions import act

    owners = []
    for number in range(4):
        deal = lead(irina, "to_distribute", phone=f"+375 29 111-22-4{number}")
        act(deal, "in_turn", by=Actor.person(irina), now=NOON, answers={})
        assert fresh(deal).stage.code == "assigned"
        owners.append(fresh(deal).owner)
    assert owners in ([alice, bob, alice, bob], [bob, alice, bob, alice])


@pytest.mark.clause("KO-2.3")
def test_leads_are_given_out_by_hand(client: Client, alice: User, irina: User) -> None:
    deal = lead(irina, "to_distribute")
    client.force_login(irina)
    client.post(f"/deals/{deal.pk}/owner/", {"owner": alice.pk})
    client.post(f"/deals/{deal.pk}/move/", {"to": "assigned"})
    found = fresh(deal)
    assert (found.owner, found.stage.code) == (alice, "assigned")
    assert task_of(deal, "take_lead").owner == alice


@pytest.mark.clause("KO-2.4")
def test_the_outcome_no_answer_moves_the_deal_to_the_unreached(alice: User) -> None:
    deal = taken(alice)
    choose(task_of(deal, "first_call"), "no_answer")
    found = fresh(deal)
    assert (found.stage.code, found.attempts) == ("unreached", 1)
    assert task_of(deal, "first_call").due_at == NOON + DAY


@pytest.mark.clause("KO-2.5")
def test_the_outcome_not_now_asks_when_to_call_back(alice: User) -> None:
    deal = taken(alice)
    with refused(match="ответ"):
        choose(task_of(deal, "first_call"), "not_now")
    at = NOON + 3 * HOUR
    choose(task_of(deal, "first_call"), "not_now", call_back=at, **{"contact.gender": "female"})
    assert fresh(deal).stage.code == "unqualified"
    assert task_of(deal, "first_call").due_at == at


@pytest.mark.clause("KO-2.6")
def test_after_the_first_touch_there_is_no_further_move_without_the_gender(alice: User) -> None:
    deal = lead(alice, "assigned")
    assert clauses_against(deal, "talks", by=alice) == []
    talk(deal)
    for to in ("talks", "decides", "unreached"):
        assert clauses_against(fresh(deal), to, by=alice) == ["KO-2.6"]
    move(fresh(deal), "talks", by=alice, **{"contact.gender": "female"})
    assert fresh(deal).contact.values["gender"] == "female"
    assert clauses_against(fresh(deal), "decides", by=alice) == []


@pytest.mark.clause("KO-2.6")
def test_attempts_alone_are_no_touch(alice: User) -> None:
    deal = lead(alice, "assigned")
    try_to_reach(deal, 3)
    assert clauses_against(fresh(deal), "unreached", by=alice) == []


@pytest.mark.clause("KO-2.6")
def test_the_outcome_of_the_first_talk_asks_for_the_gender_at_once(
    client: Client, alice: User
) -> None:
    deal = taken(alice)
    client.force_login(alice)
    address = f"/tasks/{task_of(deal, 'first_call').pk}/outcome/qualified/"
    answer = client.post(address, {"call_back": "2027-01-15T12:00"})
    assert answer.status_code == 422
    assert 'name="contact.gender"' in answer.content.decode()
    assert fresh(deal).stage.code == "assigned"


def make_invoice(deal: Deal, **given: object) -> invoices.Invoice:
    kind = InvoiceKind.objects.get(playbook="school", code="rest")
    return invoices.make_invoice(
        fresh(deal), kind=kind, by=Actor.person(deal.owner), now=NOON, **given
    )


@pytest.mark.clause("KO-2.7")
def test_the_invoiced_need_an_invoice_made_and_sent_from_the_card(alice: User) -> None:
    deal = lead(alice, "decides")
    assert clauses_against(deal, "invoiced", by=alice) == ["KO-2.7"]
    invoice = make_invoice(deal)
    assert clauses_against(deal, "invoiced", by=alice) == ["KO-2.7"]
    invoices.send_invoice(invoice, by=Actor.person(alice), now=NOON)
    assert clauses_against(deal, "invoiced", by=alice) == []


@pytest.mark.clause("KO-2.7")
def test_an_invoice_cancelled_or_whose_letter_failed_counts_for_nothing(alice: User) -> None:
    from notifications.models import Message

    deal = lead(alice, "decides")
    invoice = invoices.send_invoice(make_invoice(deal), by=Actor.person(alice), now=NOON)
    Message.objects.filter(pk=invoice.message_id).update(status="failed")
    assert clauses_against(deal, "invoiced", by=alice) == ["KO-2.7"]
    invoices.cancel_invoice(invoice, by=Actor.person(alice), now=NOON)
    assert clauses_against(deal, "invoiced", by=alice) == ["KO-2.7"]


@pytest.mark.clause("KO-2.7")
def test_the_letter_carries_number_sum_and_purpose(alice: User) -> None:
    from notifications.models import Message

    deal = lead(alice, "decides")
    invoice = invoices.send_invoice(make_invoice(deal), by=Actor.person(alice), now=NOON)
    letter = Message.objects.get(pk=invoice.message_id)
    assert f"№ {invoice.label}" in letter.subject
    assert "900\u00a0$" in letter.text
    assert "пакет «Полный»" in letter.text


@pytest.mark.clause("KO-2.13")
def test_closing_needs_the_reason(alice: User) -> None:
    deal = lead(alice, "talks")
    assert clauses_against(deal, "lost", by=alice) == ["KO-2.13"]
    move(deal, "lost", by=alice, refusal_reason="no_time")
    assert fresh(deal).status == "lost"


@pytest.mark.clause("KO-3")
@pytest.mark.parametrize("where", ["/deals/", "/deals/table/"])
def test_a_new_deal_is_begun_from_the_header_of_the_board_and_the_table(
    client: Client, alice: User, where: str
) -> None:
    lead(alice)
    client.force_login(alice)
    page = client.get(f"{where}?pipeline=school_sales").content.decode()
    header = page[page.index("<header") : page.index("</header>")]
    assert "/deals/new/" in header
    assert "Новая сделка" in header
    assert client.get("/deals/new/?pipeline=school_sales").status_code == 200
    answer = client.post(
        "/deals/new/", {"pipeline": "school_sales", "name": "Обучение Анны", "contact_name": "Анна"}
    )
    deal = Deal.objects.get(name="Обучение Анны")
    assert answer.url == f"/deals/{deal.pk}/"
    assert (deal.stage.code, deal.owner) == ("new", alice)
