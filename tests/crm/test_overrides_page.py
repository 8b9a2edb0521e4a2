"""Passing a guard from the move's form, and the report of what was passed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm import rights
from crm.models import Deal, Task, User
from crm.planning import tasks
from pipelines.actor import Actor
from pipelines.models import Override
from tests.crm.test_violations_page import sheet
from tests.factories import allow, make_deal
from tests.pipelines.lab import Lab

pytestmark = pytest.mark.django_db


@pytest.fixture
def lab(axelerator: None) -> Lab:
    """Stage two asks for the note, three never lets anybody; a head may pass either."""
    lab = Lab()
    lab.require("fields", {"codes": ["note"]}, stage="two", overridable_by=["head"])
    lab.require("never", {"why": "Сюда нельзя"}, stage="three", overridable_by=["head"])
    lab.ready()
    return lab


@pytest.fixture
def deal(lab: Lab, alice: User, olga: User) -> Deal:
    return make_deal(alice, pipeline="lab", name="Внедрение для «Ромашки»", now=timezone.now())


def today(days: int = 0) -> Any:
    return timezone.localdate() + timedelta(days=days)


def pass_it(client: Client, deal: Deal, who: User, **typed: Any) -> Any:
    client.force_login(who)
    data = {
        "to": "two",
        "pass": "1",
        "override_reason": "Договор пришлют завтра",
        "override_until": str(today(3)),
    }
    return client.post(f"/deals/{deal.pk}/move/", data | typed)


def test_the_form_offers_it_only_to_whom_the_rule_names(
    client: Client, deal: Deal, alice: User, olga: User
) -> None:
    for who, offered in ((alice, False), (olga, True)):
        client.force_login(who)
        for answer in (
            client.get(f"/deals/{deal.pk}/move/form/?to=two"),
            client.post(f"/deals/{deal.pk}/move/", {"to": "two"}),
            client.get(f"/deals/{deal.pk}/move/form/?to=three"),
        ):
            assert ("override_reason" in answer.content.decode()) is offered


def test_a_head_passes_from_the_form(client: Client, deal: Deal, olga: User) -> None:
    answer = pass_it(client, deal, olga)
    assert answer.status_code == 302
    found = Override.objects.get()
    assert (found.by, found.reason, found.until) == (olga, "Договор пришлют завтра", today(3))
    assert Deal.objects.get(pk=deal.pk).stage.code == "two"
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    assert "Договор пришлют завтра" in page
    client.force_login(olga)
    assert found.message in client.get("/tasks/").content.decode()


def test_what_no_field_lifts_can_be_passed_too(client: Client, deal: Deal, olga: User) -> None:
    assert pass_it(client, deal, olga, to="three").status_code == 302
    assert Deal.objects.get(pk=deal.pk).stage.code == "three"


def test_a_manager_who_posts_it_by_hand_is_refused(
    client: Client, deal: Deal, alice: User, charlie: User
) -> None:
    answer = pass_it(client, deal, alice)
    assert answer.status_code == 422
    assert "override_reason" not in answer.content.decode()
    assert pass_it(client, deal, charlie).status_code == 404
    assert not Override.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [
        {"override_reason": " "},
        {"override_until": ""},
        {"override_until": "вчера"},
        {"override_until": "2020-01-01"},
    ],
)
def test_without_a_reason_or_a_day_the_form_comes_back_with_what_was_typed(
    client: Client, deal: Deal, olga: User, typed: dict[str, str]
) -> None:
    answer = pass_it(client, deal, olga, **typed, **{"f-note": ""})
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "is-invalid" in shown
    if "override_until" in typed:
        assert "Договор пришлют завтра" in shown
    assert not Override.objects.exists()


def test_the_ordinary_button_passes_nothing(client: Client, deal: Deal, olga: User) -> None:
    client.force_login(olga)
    typed = {"to": "two", "override_reason": "Потом", "override_until": str(today())}
    assert client.post(f"/deals/{deal.pk}/move/", typed).status_code == 422
    assert client.post(f"/deals/{deal.pk}/move/", typed | {"f-note": "есть"}).status_code == 302
    assert not Override.objects.exists()


def test_many_deals_at_once_pass_nothing(client: Client, deal: Deal, olga: User) -> None:
    client.force_login(olga)
    client.post(
        "/deals/table/move/",
        {
            "deal": f"{deal.pk}~{deal.stage_id}",
            "to": "two",
            "pass": "1",
            "override_reason": "Потом",
            "override_until": str(today()),
        },
    )
    assert Deal.objects.get(pk=deal.pk).stage.code == "one"


def test_the_report_shows_ones_own_and_ones_peoples(
    client: Client,
    deal: Deal,
    alice: User,
    olga: User,
    bob: User,
    charlie: User,
    administrator: User,
) -> None:
    pass_it(client, deal, olga)
    for who, seen in (
        (olga, True),
        (administrator, True),
        (alice, False),
        (bob, False),
        (charlie, False),
    ):
        allow(who, rights.EXPORT)
        client.force_login(who)
        assert ("Договор пришлют завтра" in client.get("/overrides/").content.decode()) is seen
        assert ("Договор пришлют завтра" in str(sheet(client.get("/overrides/xlsx/").content))) is (
            seen
        )


def test_it_is_put_right_when_its_task_is_done_and_overdue_after_its_day(
    client: Client, deal: Deal, olga: User
) -> None:
    pass_it(client, deal, olga)
    client.force_login(olga)

    def shown(state: str) -> bool:
        return "Договор пришлют завтра" in client.get(f"/overrides/?state={state}").content.decode()

    assert (shown("waiting"), shown("overdue"), shown("done")) == (True, False, False)
    late = Override.objects.get()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: late.at + timedelta(days=5))
        client.force_login(olga)
        address = "/overrides/?period=all"
        assert "bg-red-lt" in client.get(address).content.decode()
    tasks.complete_task(
        Task.objects.get(pk=late.task_id),
        result="Договор подписан",
        by=Actor.person(olga),
        now=timezone.now(),
    )
    assert (shown("waiting"), shown("overdue"), shown("done")) == (False, False, True)


def test_a_reason_that_looks_like_a_formula_stays_a_text(
    client: Client, deal: Deal, olga: User
) -> None:
    pass_it(client, deal, olga, override_reason="=1+1")
    assert "=1+1" in sheet(client.get("/overrides/xlsx/").content)[1]


def test_the_shipped_regulation_lets_the_head_pass_the_contracts_link(
    client: Client, alice: User, olga: User
) -> None:
    deal = make_deal(alice, now=timezone.now())
    for who, offered in ((alice, False), (olga, True)):
        client.force_login(who)
        shown = client.get(f"/deals/{deal.pk}/move/form/?to=invoice").content.decode()
        assert "AX-6.5" in shown
        assert ("override_reason" in shown) is offered
