"""Signed posts of other machines: who may post, and what is answered to nonsense."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from crm.intake import hooks
from crm.intake.hooks import HookError, hook, sign, verify
from pipelines.errors import BadAnswer, RegulationError

SECRET = "тайна"
BODY = b'{"a": 1}'
factory = RequestFactory()


def post(body: bytes = BODY, signature: str | None = None, **more):
    headers = {"X-Signature": sign(body, SECRET) if signature is None else signature}
    return factory.post("/", body, content_type="application/json", headers=headers, **more)


def refused(status: int, request) -> None:
    with pytest.raises(HookError) as caught:
        verify(request, SECRET)
    assert caught.value.status == status


def test_the_body_is_given_as_it_was_signed():
    assert verify(post(), SECRET) == BODY
    assert verify(post(signature=f"sha256={sign(BODY, SECRET)}"), SECRET) == BODY


def test_the_signature_is_what_openssl_makes():
    # printf '%s' '{"a": 1}' | openssl dgst -sha256 -hmac secret
    said = "9efa14a18410a57a432fbf0ce38d4bc33339036a64e57b8c86da0bb1e122d972"
    assert sign(BODY, "secret") == said


@pytest.mark.parametrize("signature", ["", "0" * 64, "я", "sha256=", sign(BODY, "other")])
def test_an_unsigned_or_wrongly_signed_post_is_refused(signature):
    refused(401, post(signature=signature))


def test_a_changed_body_no_longer_fits_its_signature():
    refused(401, post(b'{"a": 2}', signature=sign(BODY, SECRET)))


def test_without_a_secret_nothing_is_taken_in():
    with pytest.raises(HookError):
        verify(post(signature=sign(BODY, "")), "")


def test_a_huge_body_is_refused_before_it_is_read():
    refused(413, post(b"x" * (hooks.BODY_LIMIT + 1)))
    refused(413, post(CONTENT_LENGTH=str(hooks.BODY_LIMIT + 1)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[1]",
        b'"a"',
        b"\xff\xfe",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b"[" * 100_000,
        b'{"a":' + b"[" * 50 + b"]" * 50 + b"}",
    ],
)
def test_what_is_no_json_object_is_refused(body):
    with pytest.raises(HookError) as caught:
        hooks.parse(body)
    assert caught.value.status == 400


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "status", "answer"),
    [
        (HookError(404, "нет"), 404, {"error": "нет"}),
        (BadAnswer({"phone": "нет"}), 400, {"errors": {"phone": "нет"}}),
        (RegulationError("нет"), 409, {"error": "нет"}),
    ],
)
def test_an_error_of_the_domain_is_answered_in_json(error, status, answer):
    @hook
    def view(request):
        raise error

    response = view(post())
    assert (response.status_code, hooks.parse(response.content)) == (status, answer)


def test_only_a_post_is_taken_in():
    assert hook(lambda request: {})(factory.get("/")).status_code == 405
