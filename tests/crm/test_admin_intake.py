"""Sources of requests are made in Admin, with secrets of their own."""

from __future__ import annotations

import pytest

from crm.models import IntakeSource

pytestmark = pytest.mark.django_db
SOURCE = {
    "name": "Сайт", "code": "site", "playbook": "axelerator", "kinds": ["forms", "messages"],
    "pipeline": "", "tags": "#лендинг, акция", "secret": "s" * 40, "is_active": "on",
}  # fmt: skip


def test_an_administrator_makes_a_source_with_a_secret_and_sees_where_it_posts(
    client, administrator
):
    client.force_login(administrator)
    page = client.get("/admin/crm/intakesource/add/").content.decode()
    assert "axelerator" in page
    assert client.post("/admin/crm/intakesource/add/", SOURCE).status_code == 302
    source = IntakeSource.objects.get()
    assert (source.kinds, source.tags) == (["forms", "messages"], ["#лендинг", "акция"])
    page = client.get(f"/admin/crm/intakesource/{source.pk}/change/").content.decode()
    assert "/hooks/forms/site/" in page
    assert "/hooks/calls/" not in page


def test_two_sources_have_two_secrets(db):
    made = [IntakeSource.objects.create(code=code, kinds=[]) for code in "ab"]
    assert len({source.secret for source in made}) == 2
    assert all(len(source.secret) >= 64 for source in made)


@pytest.mark.parametrize("page", ["intakesource", "intakerule", "clientrule"])
def test_nobody_else_gets_in(client, alice, olga, page):
    for user in (alice, olga):
        client.force_login(user)
        assert client.get(f"/admin/crm/{page}/").status_code in (302, 403)


@pytest.mark.parametrize("page", ["intakesource", "intakerule", "clientrule"])
def test_the_lists_show(client, administrator, page):
    client.force_login(administrator)
    assert client.get(f"/admin/crm/{page}/").status_code == 200
