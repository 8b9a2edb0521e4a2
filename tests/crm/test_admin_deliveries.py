"""Deliveries and prices in the administration: terms are changed there, deliveries and lives are looked up only."""

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import ClientLife, DeliveryTerms, Package, User
from tests.clauses.pz_steps import deliver, offered
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(client: Client) -> User:
    keeper = UserFactory(email="keeper@example.com", is_staff=True, roles=["crm_admin"])
    client.force_login(keeper)
    return keeper


def test_deliveries_and_clients_lives_are_shown_and_not_changed(
    client: Client, alice: User, clara: User, keeper: User
) -> None:
    delivery = deliver(offered(alice))
    for row in (delivery, ClientLife.objects.get()):
        name = f"admin:crm_{row._meta.model_name}"
        assert str(delivery.life) in client.get(reverse(f"{name}_changelist")).content.decode()
        address = reverse(f"{name}_change", args=[row.pk])
        page = client.get(address).content.decode()
        assert 'name="_save"' not in page
        assert client.post(address, {"state": "cancelled"}).status_code == 403
        assert client.post(reverse(f"{name}_delete", args=[row.pk])).status_code == 403
        assert client.get(reverse(f"{name}_add")).status_code == 403


def test_the_terms_of_deliveries_are_changed(
    client: Client, alice: User, clara: User, keeper: User
) -> None:
    terms = DeliveryTerms.objects.get()
    address = reverse("admin:crm_deliveryterms_change", args=[terms.pk])
    sent = {"playbook": terms.playbook, "regular_from": 5, "unit": terms.unit, "clause": ""}
    assert client.post(address, sent).status_code == 302
    terms.refresh_from_db()
    assert terms.regular_from == 5


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        ({"EUR": "460.00", "UAH": "20500.00"}, "460,00 EUR · 20 500,00 UAH"),
        ({"EUR": "дорого"}, "дорого"),
        (["460"], "460"),
    ],
)
def test_prices_are_said_in_words_and_nonsense_opens_too(
    client: Client, axelerator: None, keeper: User, prices: object, said: str
) -> None:
    Package.objects.create(playbook="axelerator", code="basic", name="Базовый", prices=prices)
    page = client.get(reverse("admin:crm_package_changelist")).content.decode()
    assert said in page.replace("\xa0", " ")
