"""Filters under a name: whose they are, who sees them, and what they show to whom."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from crm.filters import saved
from crm.models import SavedFilter
from pipelines.errors import BadAnswer
from tests.factories import make_deal

pytestmark = pytest.mark.django_db


def keep(owner, name="Горячие", share=saved.ALONE, query="stage=new", pipeline="leads"):
    return saved.save(
        owner=owner, place=saved.DEALS, name=name, pipeline=pipeline, query=query, share=share
    )


def seen_by(user):
    return [item.name for item in saved.of(user)]


def test_a_name_is_ones_own_once_whatever_its_case(alice, bob):
    keep(alice, "Горячие")
    keep(bob, "Горячие")
    with pytest.raises(BadAnswer):
        keep(alice, " горячие ")
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedFilter.objects.create(owner=alice, list=saved.DEALS, name="ГОРЯЧИЕ", query="")


def test_sharing_wants_the_right_and_reaches_the_team_and_nobody_else(
    alice, bob, charlie, olga, team
):
    with pytest.raises(PermissionDenied):
        keep(alice, share=str(team.pk))
    keep(olga, "Команды", share=str(team.pk))
    keep(olga, "Свой")
    keep(olga, "Всех", share=saved.EVERYBODY)
    assert seen_by(alice) == seen_by(bob) == ["Команды", "Всех"]
    assert seen_by(charlie) == ["Всех"]
    with pytest.raises(BadAnswer):
        keep(olga, "Чужим", share=str(charlie.team_id))


def test_through_a_shared_filter_each_sees_his_own_deals_and_only_its_owner_changes_it(
    alice, bob, olga, team, client
):
    make_deal(alice, name="Алисина")
    make_deal(bob, name="Борисова")
    shared = keep(olga, "Мои новые", share=str(team.pk), query="stage=new&owner=me")
    client.force_login(bob)
    listed = client.get(
        "/filters/deals/?here=crm:table", headers={"HX-Request": "true"}
    ).content.decode()
    assert "Мои новые" in listed
    page = client.get(f"/deals/table/?{saved.params_of(shared).urlencode()}").content.decode()
    assert "Борисова" in page
    assert "Алисина" not in page
    assert 'class="filter-name"' in page
    for path in ("", "remove/", "shift/"):
        assert client.post(f"/filters/{shared.pk}/{path}", {"name": "Мой"}).status_code == 404
    shared.refresh_from_db()
    assert shared.name == "Мои новые"


def test_a_filter_is_saved_changed_ordered_opened_with_and_removed(alice, client):
    make_deal(alice)
    client.force_login(alice)
    ask = "/filters/deals/new/?pipeline=leads&stage=new&here=crm:table"
    made = client.post(ask, {"name": "Новые"})
    first = SavedFilter.objects.get()
    assert made["Location"] == f"/deals/table/?stage=new&pipeline=leads&saved={first.pk}"
    again = client.post(ask, {"name": "новые"})
    assert again.status_code == 422
    assert "уже есть" in again.content.decode()
    client.post("/filters/deals/new/?pipeline=all&q=x", {"name": "Иксы"})
    second = SavedFilter.objects.exclude(pk=first.pk).get()
    assert second.pipeline == ""
    client.post(f"/filters/{second.pk}/shift/", {"by": "-1"})
    assert seen_by(alice) == ["Иксы", "Новые"]
    client.post(f"/filters/{first.pk}/", {"name": "Свежие"})
    changed = f"/filters/deals/new/?pipeline=leads&stage=taken&saved={first.pk}"
    client.post(changed, {"replace": "1", "name": ""})
    first.refresh_from_db()
    assert (first.name, first.query) == ("Свежие", "stage=taken")
    client.post(f"/filters/{first.pk}/usual/")
    opened = client.get("/deals/")
    assert opened["Location"] == f"/deals/?stage=taken&pipeline=leads&saved={first.pk}"
    assert client.get("/deals/?pipeline=leads").status_code == 200
    SavedFilter.objects.filter(pk=first.pk).update(pipeline="gone")
    assert client.get("/deals/").status_code == 200
    client.post(f"/filters/{first.pk}/remove/")
    assert client.get("/deals/").status_code == 200
    assert seen_by(alice) == ["Иксы"]


def test_nothing_and_nonsense_are_not_saved(alice, client):
    client.force_login(alice)
    for query in ("", "?stage=zzz", "?pipeline=zzz&stage=new"):
        assert client.post(f"/filters/deals/new/{query}", {"name": "Ничто"}).status_code == 404
    assert client.post("/filters/deals/new/?stage=new", {"name": " "}).status_code == 422
    assert not SavedFilter.objects.exists()
