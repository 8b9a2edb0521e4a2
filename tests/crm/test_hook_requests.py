"""The endpoints to which sites, exchanges and messengers post requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crm.intake import hooks
from crm.models import Deal, IntakeSource, User

pytestmark = pytest.mark.django_db
CALL = {"id": "1", "number": "+375 29 111-22-33", "answered": False}
FORM = {"id": "1", "name": "Ирина", "phone": "80291112233", "values": {"niche": "Пекарни"}}
MESSAGE = {"id": "1", "channel": "telegram", "address": "@irina", "text": "Здравствуйте"}


@pytest.fixture
def source(alice: User) -> IntakeSource:
    return IntakeSource.objects.create(
        code="pbx", name="АТС", playbook="axelerator", kinds=["calls", "forms", "messages"]
    )


def post(client, source: IntakeSource, what: str, data: Any, **headers: str):
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    signed = {"X-Signature": hooks.sign(body, source.secret)} | headers
    return client.post(
        f"/hooks/{what}/{source.code}/", body, content_type="application/json", headers=signed
    )


@pytest.mark.parametrize(
    ("what", "data"), [("calls", CALL), ("forms", FORM), ("messages", MESSAGE)]
)
def test_a_signed_post_makes_a_deal_once(client, source, what, data):
    first = post(client, source, what, data)
    deal = Deal.objects.get()
    assert (first.status_code, first.json()) == (
        200,
        {"deal": deal.pk, "repeated": False, "new": True},
    )
    again = post(client, source, what, data)
    assert again.json() == {"deal": deal.pk, "repeated": True, "new": False}
    assert Deal.objects.count() == 1


def test_who_answered_is_known_by_his_mail_or_phone(client, source, bob):
    told = CALL | {"answered": True, "user": "BOB@example.com", "seconds": 61}
    post(client, source, "calls", told)
    event = Deal.objects.get().events.get(verb="call.answered")
    assert (event.actor, event.data["seconds"]) == (bob, 61)
    User.objects.filter(pk=bob.pk).update(phone="+375297777777")
    post(client, source, "calls", told | {"id": "2", "user": "8 029 777-77-77"})
    assert Deal.objects.get().events.filter(verb="call.answered", actor=bob).count() == 2
    assert (
        post(client, source, "calls", told | {"id": "3", "user": "extension 7"}).status_code == 200
    )


def test_an_unsigned_post_is_refused(client, source):
    assert post(client, source, "calls", CALL, **{"X-Signature": "0"}).status_code == 401
    assert not Deal.objects.exists()


def test_a_source_unknown_switched_off_or_of_another_kind_is_not_there(client, source):
    IntakeSource.objects.update(kinds=["forms"])
    assert post(client, source, "calls", CALL).status_code == 404
    IntakeSource.objects.update(is_active=False)
    assert post(client, source, "forms", FORM).status_code == 404
    source.code = "nobody"
    assert post(client, source, "forms", FORM).status_code == 404


@pytest.mark.parametrize(
    ("what", "data", "fields"),
    [
        ("calls", {}, {"number", "answered", "id"}),
        ("calls", CALL | {"seconds": -1, "answered": "yes"}, {"seconds", "answered"}),
        ("calls", CALL | {"seconds": 10**30}, {"seconds"}),
        ("calls", CALL | {"number": ["+375291112233"], "name": {"a": 1}}, {"number", "name"}),
        ("calls", CALL | {"number": "anonymous"}, {"number"}),
        ("calls", CALL | {"answered": True, "recording": "javascript:1"}, {"recording"}),
        ("forms", FORM | {"phone": "abc", "email": "abc"}, {"phone", "email"}),
        ("forms", FORM | {"values": [1], "tags": "a"}, {"values", "tags"}),
        ("forms", FORM | {"text": "я" * 10_001}, {"text"}),
        ("messages", MESSAGE | {"text": "\x00"}, {"text"}),
        ("messages", MESSAGE | {"channel": None}, {"channel"}),
    ],
)
def test_everything_that_is_wrong_is_said_at_its_field(client, source, what, data, fields):
    response = post(client, source, what, data)
    assert (response.status_code, set(response.json()["errors"])) == (400, fields)
    assert not Deal.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"nonsense", 400), (b"[]", 400), (b"\xff", 400), (b"[" * 200_000, 400),
     (b"x" * (hooks.BODY_LIMIT + 1), 413)],
)  # fmt: skip
def test_what_is_no_object_of_fit_size_is_refused(client, source, body, status):
    assert post(client, source, "calls", body).status_code == status


def test_a_number_may_be_a_number_and_unknown_keys_are_passed_over(client, source):
    told = {"id": 17, "number": 375291112233, "answered": False, "extra": {"a": [1]}}
    assert post(client, source, "calls", told).status_code == 200
    assert post(client, source, "calls", told).json()["repeated"]


def test_a_deep_and_dirty_form_is_taken_in(client, source):
    deep: Any = "дно\x00"
    for _level in range(hooks.DEPTH_LIMIT - 5):
        deep = [deep]
    told = FORM | {
        "values": {"niche": "Пекарни\x00", "deep": deep, "n": 1e300, "x" * 5000: "y" * 5000}
    }
    assert post(client, source, "forms", told).status_code == 200
    assert Deal.objects.get().values["niche"] == "Пекарни"
