"""PZ-1.2, PZ-5.1, PZ-5.2: deliveries, and what they make of a client."""

from __future__ import annotations

import pytest
from django.urls import reverse

from crm import deals, deliveries
from crm.clients import people
from crm.models import ClientLife, Deal, Delivery, Task, User
from crm.sections import deliveries as section
from pipelines import catalog, playbook
from pipelines.actor import Actor
from pipelines.errors import MoveRefused, RegulationError
from pipelines.models import Event, RuleRun
from tests.clauses.pz_steps import (
    OFFER,
    cancel,
    days,
    deliver,
    deliver_times,
    lead,
    life,
    offered,
    passed,
    regular,
    regular_deal,
    stage_of,
    tick,
)
from tests.clauses.steps import clauses_against, fresh, move, refused
from tests.factories import NOON
from tests.fixtures.cast import PLAYBOOKS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _company(clara: User) -> None:
    """The playbook, and somebody in the client department."""


def test_the_playbook_has_no_mistakes() -> None:
    assert playbook.check(PLAYBOOKS / "pzka") == []


class TestLife:
    """PZ-1.2: five completed deliveries make a regular client, by themselves and both ways."""

    @pytest.mark.clause("PZ-1.2")
    def test_the_fifth_completed_delivery_makes_the_client_regular(self, alice: User) -> None:
        deal = offered(alice)
        deliver_times(deal, 4)
        assert life(deal) == ("potential", 4)
        deliver(deal, now=NOON + days(4))
        assert life(deal) == ("client", 5)

    @pytest.mark.clause("PZ-1.2")
    def test_only_completed_deliveries_count(self, alice: User) -> None:
        deal = offered(alice)
        deliver_times(deal, 4)
        expected = deliver(deal, accepted=False)
        assert life(deal) == ("potential", 4)
        cancel(expected)
        assert life(deal) == ("potential", 4)

    @pytest.mark.clause("PZ-1.2")
    def test_a_cancelled_fifth_makes_him_potential_again(self, alice: User) -> None:
        deal = offered(alice)
        fifth = deliver_times(deal, 5)[-1]
        cancel(fifth, now=NOON + days(5))
        assert life(deal) == ("potential", 4)
        said = Event.objects.filter(verb="client.life_changed").order_by("pk")
        assert [event.data["state"] for event in said] == ["client", "potential"]

    @pytest.mark.clause("PZ-1.2")
    def test_the_threshold_is_the_playbooks(self, alice: User) -> None:
        deal = offered(alice)
        deliver_times(deal, 3)
        section.load("pzka", PLAYBOOKS / "pzka", {"regular_from": 3}, NOON)
        assert life(deal) == ("client", 3)
        section.load("pzka", PLAYBOOKS / "pzka", {"regular_from": 4}, NOON)
        assert life(deal) == ("potential", 3)

    @pytest.mark.clause("PZ-1.2")
    def test_the_companys_deliveries_are_counted_over_all_its_people_and_deals(
        self, alice: User
    ) -> None:
        by = Actor.person(alice)
        firm = people.create_company(name="ООО «Медь»", owner=alice, by=by, now=NOON)
        first = offered(alice, company=firm)
        deliver_times(first, 3)
        second = offered(alice, company=firm, phone="+7 910 111-22-33", email="b@example.com")
        deliver(second)
        assert life(first) == life(second) == ("potential", 4)
        assert ClientLife.objects.get().company == firm

    def test_deliveries_follow_the_deal_to_the_company_that_turns_out_to_be_the_client(
        self, alice: User
    ) -> None:
        by = Actor.person(alice)
        deal = offered(alice)
        deliver_times(deal, 2)
        firm = people.create_company(name="ООО «Медь»", owner=alice, by=by, now=NOON)
        deals.link_people(fresh(deal), contact=deal.contact, company=firm, by=by, now=NOON)
        assert life(deal) == ("potential", 2)
        counts = {row.company_id: row.deliveries for row in ClientLife.objects.all()}
        assert counts == {firm.pk: 2, None: 0}

    @pytest.mark.clause("PZ-1.2")
    def test_the_card_says_which_he_is_and_how_many_there_were(self, alice: User, client) -> None:
        deal = offered(alice)
        client.force_login(alice)
        deliver_times(deal, 2)
        page = client.get(reverse("crm:deal", args=[deal.pk])).content.decode()
        assert "потенциальный клиент" in page
        assert "2 завершённые поставки" in page
        deliver_times(deal, 3)
        page = client.get(reverse("crm:deal", args=[deal.pk])).content.decode()
        assert "постоянный клиент" in page
        assert "5 завершённых поставок" in page


class TestFifth:
    """PZ-5.1: the fifth wins the deal and hands the client over, exactly once."""

    @pytest.mark.clause("PZ-5.1")
    def test_each_completed_delivery_moves_the_deal_and_the_fifth_wins_it(
        self, alice: User
    ) -> None:
        deal = offered(alice)
        deliver_times(deal, 5)
        numbered = [f"delivery_{number}" for number in range(1, 6)]
        assert passed(deal) == ["lead", "offered", *numbered, "regular"]
        assert fresh(deal).status == "won"
        assert not RuleRun.objects.filter(status__in=["failed", "looped"]).exists()

    @pytest.mark.clause("PZ-5.1")
    def test_the_client_is_handed_to_the_client_department(self, alice: User, clara: User) -> None:
        deal = offered(alice)
        deliver_times(deal, 5)
        continued = regular_deal()
        assert (continued.stage.code, continued.owner) == ("handed", clara)
        assert (continued.origin, continued.contact) == (deal, deal.contact)
        assert continued.get_value("city") == "Тула"
        assert Task.objects.get(deal=continued).owner == clara

    @pytest.mark.clause("PZ-5.1")
    def test_a_fifth_cancelled_and_completed_again_hands_over_nobody_twice(
        self, alice: User, olga: User
    ) -> None:
        deal = offered(alice)
        fifth = deliver_times(deal, 5)[-1]
        cancel(fifth, now=NOON + days(5))
        assert stage_of(deal) == "regular"
        task = Task.objects.get(deal=deal, code="decide_client")
        assert task.owner == olga
        deliver(regular_deal(), now=NOON + days(6))
        assert life(deal) == ("client", 5)
        assert Deal.objects.filter(pipeline__code="regulars").count() == 1

    @pytest.mark.clause("PZ-5.1")
    def test_a_client_with_two_sales_is_not_handed_over_a_second_time(self, alice: User) -> None:
        first = offered(alice)
        anew = offered(alice, contact=first.contact)
        deliver_times(first, 5)
        deliver(anew, now=NOON + days(5))
        assert stage_of(anew) == "regular"
        assert Deal.objects.filter(pipeline__code="regulars").count() == 1
        told = Event.objects.filter(deal=anew, verb="deal.handed_over").get()
        assert told.data["deal"] == regular_deal().pk

    @pytest.mark.clause("PZ-5.1")
    def test_a_person_does_not_win_the_deal_without_five_deliveries(self, alice: User) -> None:
        deal = offered(alice)
        deliver_times(deal, 4)
        assert clauses_against(deal, "regular") == ["PZ-5.1"]
        assert clauses_against(deal, "delivery_5") == ["PZ-5.3"]

    def test_a_cancelled_delivery_takes_an_open_deal_back(self, alice: User) -> None:
        deal = offered(alice)
        brought = deliver_times(deal, 3)
        cancel(brought[0], now=NOON + days(3))
        assert stage_of(deal) == "delivery_2"
        cancel(brought[1], now=NOON + days(3))
        cancel(brought[2], now=NOON + days(3))
        assert stage_of(deal) == "offered"

    def test_a_delivery_asks_for_what_is_not_known_of_the_client_yet(self, alice: User) -> None:
        deal = lead(alice)
        with refused(MoveRefused) as caught:
            deliver(deal)
        asked = {code for refusal in caught.value.refusals for code in refusal.fields}
        assert asked == set(OFFER)
        assert not Delivery.objects.exists()

    def test_a_closed_deal_takes_no_new_delivery(self, alice: User) -> None:
        deal = offered(alice)
        deliver_times(deal, 5)
        with refused(RegulationError, match="закрыта"):
            deliver(deal, now=NOON + days(6))


class TestRegular:
    """PZ-5.2: a regular client delivers or does not; his deal is never closed."""

    @pytest.mark.clause("PZ-5.2")
    def test_there_is_nothing_to_close_the_deal_with(self, alice: User, clara: User) -> None:
        assert {stage.kind for stage in catalog.by_code("regulars").stages} == {"open"}
        deal = regular(alice)
        for stage in ("delivers", "idle", "handed"):
            if stage_of(deal) != stage and not clauses_against(deal, stage, by=clara):
                move(fresh(deal), stage, by=clara)
            assert fresh(deal).status == "open"

    @pytest.mark.clause("PZ-5.2")
    def test_a_delivery_brings_the_deal_to_delivers_and_counts_on(self, alice: User) -> None:
        deal = regular(alice)
        deliver(deal, now=NOON + days(3))
        assert stage_of(deal) == "delivers"
        assert life(deal) == ("client", 6)

    @pytest.mark.clause("PZ-5.2")
    def test_nobody_drags_a_client_without_deliveries_to_delivers(
        self, alice: User, clara: User
    ) -> None:
        deal = regular(alice)
        tick(NOON + days(31))
        assert clauses_against(deal, "delivers", by=clara, now=NOON + days(31)) == ["PZ-5.2"]

    @pytest.mark.clause("PZ-5.2")
    @pytest.mark.parametrize("after_a_delivery", [False, True])
    def test_thirty_days_without_a_delivery_return_it_to_idle(
        self, alice: User, after_a_delivery: bool
    ) -> None:
        deal, last = regular(alice), NOON
        if after_a_delivery:
            last = NOON + days(20)
            deliver(deal, now=last)
        before = stage_of(deal)
        tick(last + days(29))
        assert stage_of(deal) == before
        tick(last + days(30))
        assert stage_of(deal) == "idle"
        assert life(deal)[0] == "dormant"
        assert Task.objects.open().filter(deal=deal, code="win_back").exists()

    @pytest.mark.clause("PZ-5.2")
    def test_an_idle_client_delivers_and_rests_again(self, alice: User) -> None:
        deal = regular(alice)
        tick(NOON + days(31))
        deliver(deal, now=NOON + days(40))
        assert (stage_of(deal), life(deal)) == ("delivers", ("client", 6))
        tick(NOON + days(71))
        assert (stage_of(deal), life(deal)) == ("idle", ("dormant", 6))
        assert not RuleRun.objects.filter(status__in=["failed", "looped"]).exists()

    @pytest.mark.clause("PZ-5.2")
    def test_a_delivery_typed_in_long_after_its_day_brings_nobody_back(self, alice: User) -> None:
        deal = regular(alice)
        tick(NOON + days(40))
        deliver(deal, now=NOON + days(40), day=(NOON + days(5)).date())
        assert (stage_of(deal), life(deal)) == ("idle", ("dormant", 6))

    @pytest.mark.clause("PZ-5.2")
    def test_the_delivery_that_brought_him_back_is_cancelled(self, alice: User) -> None:
        deal = regular(alice)
        tick(NOON + days(31))
        back = deliver(deal, now=NOON + days(40))
        cancel(back, now=NOON + days(41))
        assert (stage_of(deal), life(deal)) == ("idle", ("dormant", 5))

    @pytest.mark.clause("PZ-5.2")
    def test_a_delivery_of_another_deal_of_the_client_is_one_too(self, alice: User) -> None:
        sale, late = offered(alice), NOON + days(20)
        sixth = deliver(sale, day=late.date(), accepted=False)
        deliver_times(sale, 5)
        deal = regular_deal()
        found = Delivery.objects.get(pk=sixth.pk)
        deliveries.complete_delivery(found, by=Actor.person(alice), now=late)
        tick(late + days(29))
        assert (stage_of(deal), life(deal)) == ("handed", ("client", 6))
        tick(late + days(30))
        assert stage_of(deal) == "idle"
