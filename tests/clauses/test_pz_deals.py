"""PZ-4.2c and PZ-4.2d: the table's columns, and filters that narrow board and table alike, saved and shared."""

import re

import pytest
from django.test import Client

from crm.filters import saved
from crm.models import Deal, Team, User
from tests.factories import make_deal

pytestmark = pytest.mark.django_db


def names(client: Client, path: str) -> set[str]:
    page = client.get(path).content.decode()
    return set(
        re.findall(r'(?:class="deal-name" |class="deals-name"><a )href="[^"]+">([^<]+)<', page)
    )


@pytest.mark.clause("PZ-4.2c")
def test_columns_are_chosen_and_ordered_by_who_has_the_right_and_remembered(
    client: Client, alice: User
) -> None:
    make_deal(alice)

    def headings(reader: Client) -> list[str]:
        page = reader.get("/deals/table/?pipeline=leads").content.decode()
        return re.findall(r'data-column="([^"]+)"', page)

    client.force_login(alice)
    client.post("/columns/deals/leads/", {"column": ["created_at", "name", "f-source"]})
    elsewhere = Client()
    elsewhere.force_login(User.objects.get(pk=alice.pk))
    assert headings(elsewhere) == ["created_at", "name", "f-source"]
    group = alice.groups.get()
    group.permissions.remove(*group.permissions.filter(codename="arrange_columns"))
    assert client.post("/columns/deals/leads/", {"column": ["name"]}).status_code == 403
    assert headings(client)[0] == "name"


@pytest.mark.clause("PZ-4.2d")
def test_a_filter_narrows_board_and_table_alike_and_is_shared_with_a_team(
    client: Client, alice: User, bob: User, olga: User, team: Team
) -> None:
    kept = make_deal(alice, name="Нужная", answers={"budget": "5000"})
    make_deal(alice, name="Дешёвая", answers={"budget": "5"})
    make_deal(alice, name="Без источника", answers={"budget": "5000"})
    other = make_deal(bob, name="Чужая", answers={"budget": "5000"})
    Deal.objects.filter(pk__in=[kept.pk, other.pk]).update(values={"source": "ads"})
    query = "pipeline=leads&budget_from=1000&stage=new&f-source=ads&created=2026-03-10"
    client.force_login(alice)
    for path in ("/deals/", "/deals/table/"):
        assert names(client, f"{path}?{query}") == {"Нужная"}
    client.force_login(olga)
    client.post(f"/filters/deals/new/?{query}", {"name": "Крупные новые", "share": str(team.pk)})
    client.force_login(bob)
    (shared,) = saved.of(bob)
    assert shared.name == "Крупные новые"
    address = saved.params_of(shared).urlencode()
    for path in ("/deals/", "/deals/table/"):
        assert names(client, f"{path}?{address}") == {"Чужая"}
