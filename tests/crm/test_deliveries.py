"""Deliveries: who may enter them, what is refused, what the windows and lists show."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_fsm import TransitionNotAllowed

from crm import deliveries
from crm.deliveries import DeliveryGone
from crm.models import Deal, Delivery, User
from crm.sections import deliveries as section
from crm.shown import delivery_panel
from pipelines import catalog, registry
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, RegulationError
from pipelines.models import Event
from pipelines.params import Vocabulary
from tests.clauses.pz_steps import OFFER, cancel, days, deliver, deliver_times, lead, life, offered
from tests.clauses.steps import fresh, refused
from tests.factories import NOON, make_deal
from tests.fixtures.cast import PLAYBOOKS

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(alice: User, clara: User) -> Deal:
    return offered(alice)


def typed(**more: str) -> dict[str, str]:
    return {"day": "2026-03-10", "weight": "2,5", "amount": "150 000", "accepted": "on"} | more


# ── The verbs ──────────────────────────────────────────────────────────────────


def test_every_step_is_in_the_feed_with_its_number(deal: Deal) -> None:
    delivery = deliver(deal, accepted=False)
    deliveries.complete_delivery(delivery, by=Actor.person(deal.owner), now=NOON)
    cancel(delivery)
    said = Event.objects.filter(deal=deal, verb__startswith="delivery.").order_by("pk")
    assert [(event.verb, event.data["number"]) for event in said] == [
        ("delivery.registered", 0),
        ("delivery.completed", 1),
        ("delivery.cancelled", 0),
    ]
    assert said[1].data["text"].replace("\xa0", " ") == "10.03.2026, 2,5 т, 150 000 ₽"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"weight": Decimal(0)}, "weight"),
        ({"weight": Decimal(-1)}, "weight"),
        ({"amount": Decimal(-1)}, "amount"),
        ({"day": (NOON + timedelta(days=4000)).date()}, "day"),
    ],
)
def test_what_no_scales_show_is_refused(deal: Deal, wrong: dict, field: str) -> None:
    with refused(BadAnswer) as caught:
        deliver(deal, **wrong)
    assert set(caught.value.errors) == {field}
    assert not Delivery.objects.exists()


def test_a_delivery_wants_a_client(alice: User, pzka: None) -> None:
    deal = make_deal(alice, pipeline="scrap", contact=None, answers=OFFER)
    with refused(deliveries.NoClient):
        deliver(deal)


def test_a_company_that_keeps_no_deliveries_refuses_them(alice: User, pzka: None) -> None:
    with refused(RegulationError):
        deliver(make_deal(alice))


def test_what_is_accepted_is_not_accepted_again_and_what_is_cancelled_is_over(deal: Deal) -> None:
    delivery, by = deliver(deal), Actor.person(deal.owner)
    with refused(DeliveryGone):
        deliveries.complete_delivery(delivery, by=by, now=NOON)
    cancel(delivery)
    with refused(DeliveryGone):
        cancel(delivery)
    with refused(DeliveryGone):
        deliveries.complete_delivery(delivery, by=by, now=NOON)
    with pytest.raises(AttributeError):
        delivery.state = "registered"
    with pytest.raises(TransitionNotAllowed):
        Delivery.objects.get(pk=delivery.pk).complete()


def test_an_accepted_delivery_is_cancelled_with_a_reason_only(deal: Deal) -> None:
    delivery = deliver(deal)
    with refused(BadAnswer):
        deliveries.cancel_delivery(delivery, by=Actor.person(deal.owner), now=NOON)
    assert life(deal) == ("potential", 1)


def test_one_expected_for_tomorrow_that_comes_today_is_todays(deal: Deal) -> None:
    expected = deliver(deal, day=(NOON + days(1)).date(), accepted=False)
    done = deliveries.complete_delivery(
        expected, weight=Decimal("2.75"), by=Actor.person(deal.owner), now=NOON
    )
    assert (done.day, done.weight) == (NOON.date(), Decimal("2.75"))


def test_a_form_sent_twice_is_one_delivery(deal: Deal) -> None:
    key = uuid4()
    assert deliver(deal, key=key) == deliver(deal, key=key)
    assert life(deal) == ("potential", 1)


def test_who_may_not_change_the_deal_may_not_enter_deliveries(deal: Deal, bob: User) -> None:
    from django.contrib.auth.models import Group

    from pipelines.models import Stage, StageRight

    head, _created = Group.objects.get_or_create(name="head")
    StageRight.objects.create(
        stage=Stage.objects.get(pipeline__code="scrap", code="offered"), ability="edit", group=head
    )
    pipeline = Stage.objects.get(pipeline__code="scrap", code="offered").pipeline
    pipeline.stamp = uuid4()
    pipeline.save()
    with refused(RegulationError, match="роль"):
        deliver(deal)


# ── The guards and the section ─────────────────────────────────────────────────


def test_the_guard_counts_and_says_how_many_there_are(deal: Deal) -> None:
    from types import SimpleNamespace

    from pipelines.context import Context

    deliver_times(deal, 2)
    found = fresh(deal)
    context = Context(
        deal=found,
        pipeline=catalog.pipeline(found.pipeline_id),
        by=Actor(),
        now=NOON,
    )
    check = registry.guards["deliveries"].check
    for params, holds in [
        ({"at_least": 2}, True),
        ({"at_least": 3}, False),
        ({"exactly": 2}, True),
        ({"exactly": 1}, False),
    ]:
        asked = {"at_least": None, "exactly": None, "within": None} | params
        no = check(context, SimpleNamespace(**asked))
        assert (no is None) == holds
        assert no is None or "2 завершённые поставки" in no.message


@pytest.mark.parametrize(
    "rows", [{"regular_from": 0}, {"regular_from": "пять"}, {"regular_from": 5, "unit": "пуд"}, []]
)
def test_a_wrong_section_is_told(rows: object, pzka: None) -> None:
    assert list(section.check(rows, PLAYBOOKS / "pzka"))


def test_the_section_is_exported_as_it_was_loaded(pzka: None) -> None:
    assert section.export("pzka") == {
        "regular_from": 5,
        "unit": "t",
        "clause": "PZ-1.2",
    }


def test_a_hand_over_once_a_client_is_known_to_the_checker() -> None:
    form = registry.actions["hand_over"].form
    vocabulary = Vocabulary(stages=[], fields=[], pipelines=[("regulars", "Постоянные")])
    asked = form({"pipeline": "regulars", "once_a_client": True}, pipeline=vocabulary)
    assert asked.is_valid(), asked.errors


# ── The windows ────────────────────────────────────────────────────────────────


def test_a_delivery_is_entered_accepted_and_cancelled_without_javascript(
    deal: Deal, alice: User, client
) -> None:
    client.force_login(alice)
    new = reverse("crm:delivery_new", args=[deal.pk])
    assert 'name="weight"' in client.get(new).content.decode()
    sent = typed()
    del sent["accepted"]
    assert client.post(new, sent).status_code == 302
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.weight, delivery.amount) == (
        "registered",
        Decimal("2.5"),
        Decimal(150000),
    )
    accept = reverse("crm:delivery_accept", args=[delivery.pk])
    assert client.post(accept, {"weight": "2,7", "amount": "162000"}).status_code == 302
    assert life(deal) == ("potential", 1)
    drop = reverse("crm:delivery_cancel", args=[delivery.pk])
    answer = client.post(drop, {"reason": ""})
    assert answer.status_code == 422
    assert "с причиной" in answer.content.decode()
    assert client.post(drop, {"reason": "ошибка весовой"}).status_code == 302
    assert life(deal) == ("potential", 0)


def test_what_is_missing_is_asked_in_the_same_window(alice: User, clara: User, client) -> None:
    deal = lead(alice)
    client.force_login(alice)
    new = reverse("crm:delivery_new", args=[deal.pk])
    page = client.post(new, typed()).content.decode()
    assert "PZ-5.4" in page
    assert "Названная цена" in page
    assert not Delivery.objects.exists()
    answer = client.post(new, typed() | OFFER | {"code": list(OFFER)})
    assert answer.status_code == 302
    assert fresh(deal).stage.code == "delivery_1"


def test_a_stranger_finds_no_window(deal: Deal, charlie: User, client) -> None:
    delivery = deliver(deal, accepted=False)
    client.force_login(charlie)
    for name, pk in [
        ("delivery_new", deal.pk),
        ("delivery_accept", delivery.pk),
        ("delivery_cancel", delivery.pk),
    ]:
        assert client.get(reverse(f"crm:{name}", args=[pk])).status_code == 404
        assert client.post(reverse(f"crm:{name}", args=[pk]), typed()).status_code == 404
    assert Delivery.objects.get().state == "registered"


def test_a_pipeline_without_deliveries_has_no_window(alice: User, client) -> None:
    client.force_login(alice)
    deal = make_deal(alice)
    assert client.get(reverse("crm:delivery_new", args=[deal.pk])).status_code == 404
    assert "Поставки" not in client.get(reverse("crm:deal", args=[deal.pk])).content.decode()


# ── Marks ──────────────────────────────────────────────────────────────────────


def test_the_board_says_how_far_the_client_has_come_in_one_query(deal: Deal, alice: User) -> None:
    fresh_client = lead(alice, phone="+7 910 222-33-44", email="b@example.com")
    deliver_times(deal, 3)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = delivery_panel.marks([deal.pk, fresh_client.pk], now=NOON)
    assert len(asked) == 1
    assert found[deal.pk].text == "3 / 5"
    assert found[fresh_client.pk].text == "0 / 5"
    deliver_times(deal, 2, start=NOON + days(3))
    assert delivery_panel.marks([deal.pk], now=NOON)[deal.pk].text == "5"
