"""The desktop: widgets in one's own order, each number the same as the list behind its link."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm import preferences
from crm.desktop import layout, registry
from crm.models import Deal, Task, User
from tests.clauses.steps import fresh
from tests.factories import make_deal

pytestmark = pytest.mark.django_db


def again(user: User) -> User:
    """As the next request reads him."""
    return User.objects.get(pk=user.pk)


def codes(user: User) -> list[str]:
    return [item.widget.code for item in layout.of(again(user))]


def test_one_starts_with_what_suits_the_role_and_keeps_what_one_changed(
    alice: User, olga: User
) -> None:
    assert "day" in codes(alice)
    assert codes(olga) != codes(alice)
    layout.remove(again(alice), "day")
    layout.add(again(alice), "overdue")
    layout.shift(again(alice), "overdue", -1)
    layout.order(again(alice), ["plan", "nonsense", "stages"])
    standing = codes(alice)
    assert standing[:2] == ["plan", "stages"]
    assert standing[-2] == "overdue"
    assert "day" not in standing
    layout.forget(again(alice))
    assert "day" in codes(alice)
    with pytest.raises(KeyError):
        layout.add(again(alice), "nonsense")


@pytest.mark.parametrize(
    "kept",
    [
        [{"code": "gone"}, {"code": "stages", "size": "huge", "pipeline": "gone"}, 5, None],
        [{"code": "stages"}, {"code": "stages", "size": "full"}],
    ],
)
def test_what_was_kept_and_is_gone_is_left_out(alice: User, client: Client, kept: list) -> None:
    preferences.put(alice, layout.KEY, kept)
    assert codes(alice) == ["stages"]
    client.force_login(alice)
    assert client.get("/desktop/").status_code == 200


def test_the_front_page_is_the_desktop_and_a_drag_is_remembered(
    alice: User, client: Client
) -> None:
    client.force_login(alice)
    assert client.get("/").headers["Location"] == "/desktop/"
    first = codes(alice)
    assert client.post("/desktop/order/", {"code": first[::-1]}).status_code == 204
    assert codes(alice) == first[::-1]
    client.post(f"/desktop/{first[0]}/change/", {"do": "back"})
    assert codes(alice)[-2:] == [first[0], first[1]]
    client.post(f"/desktop/{first[0]}/change/", {"do": "remove"})
    assert client.get(f"/desktop/{first[0]}/").status_code == 404
    asked = {"size": "full", "pipeline": "licences"}
    assert client.post("/desktop/stages/settings/", asked).status_code == 302
    placed = {item.widget.code: item for item in layout.of(again(alice))}["stages"]
    assert (placed.size, placed.chosen) == ("full", {"pipeline": "licences"})
    assert client.post("/desktop/stages/settings/", {"size": "huge"}).status_code == 422


def test_every_number_is_that_of_the_list_behind_it(
    alice: User, bob: User, olga: User, client: Client
) -> None:
    now = timezone.now()
    late = make_deal(alice, name="Просрочен срок", now=now)
    waits = make_deal(bob, name="Ждёт ответа", now=now)
    forgotten = make_deal(bob, name="Забытая", now=now)
    Task.objects.filter(deal=forgotten).update(state="cancelled")
    Deal.objects.filter(pk=forgotten.pk).update(next_task_at=None)
    Deal.objects.filter(pk=late.pk).update(stage_deadline=now - timedelta(hours=1))
    Deal.objects.filter(pk=waits.pk).update(unanswered_since=now)
    for code in ("forgotten", "unanswered", "ending", "stages"):
        layout.add(again(olga), code)
    client.force_login(olga)
    checked = 0
    for code in ("forgotten", "unanswered", "ending", "stages"):
        html = client.get(f"/desktop/{code}/", HTTP_HX_REQUEST="true").content.decode()
        for url, number in re.findall(r'href="(/deals/table/[^"]+)"[^>]*>\D*?(\d+)\D*?</a>', html):
            listed = client.get(unescape(url)).content.decode()
            assert listed.count('name="deal"') == int(number), (code, url)
            checked += int(number)
    assert checked >= 8


def test_the_desktop_costs_a_statement_a_widget_whatever_the_rows(
    olga: User, alice: User, client: Client
) -> None:
    for item in registry.offered(again(olga)):
        layout.add(again(olga), item.code)
    client.force_login(olga)
    counts = []
    for number in (1, 6):
        for _time in range(number):
            deal = make_deal(alice, now=timezone.now())
            Deal.objects.filter(pk=deal.pk).update(unanswered_since=timezone.now())
        client.get("/desktop/")
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/desktop/").status_code == 200
        counts.append(len(captured))
    quick = [item for item in registry.offered(again(olga)) if not item.slow]
    # 1 for every page, the names of the people, and two each for the limits and the licences that end.
    assert counts[0] == counts[1] <= len(quick) + 4
    for item in registry.offered(again(olga)):
        assert client.get(f"/desktop/{item.code}/").status_code == 200, item.code


def test_a_stranger_s_deals_are_in_no_widget(alice: User, charlie: User, client: Client) -> None:
    deal = make_deal(charlie, name="Чужая сделка", now=timezone.now())
    Deal.objects.filter(pk=deal.pk).update(unanswered_since=timezone.now())
    assert fresh(deal).unanswered_since
    client.force_login(alice)
    page = client.get("/desktop/").content.decode()
    assert "Чужая сделка" not in page
    assert client.get("/day/").content.decode().count("Чужая сделка") == 0
