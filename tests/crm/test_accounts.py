"""Signing in by e-mail, the letter for a new password, guessing, and the language."""

import json
import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from crm import accounts, jobs, outgoing
from crm.models import User
from notifications.models import Message
from pipelines.models import Event
from tests.factories import make_deal
from tests.fixtures.smtp import Postbox

pytestmark = pytest.mark.django_db
PASSWORD = "secret-pass-1"


def sign_in(client, email="alice@example.com", password=PASSWORD, **kwargs):
    return client.post("/login/", {"username": email, "password": password}, **kwargs)


@pytest.mark.clause("PZ-3.2")
@pytest.mark.parametrize("email", ["alice@example.com", "Alice@Example.COM"])
def test_one_signs_in_by_email_whatever_its_case(email, alice, client):
    response = client.post("/login/", {"username": email, "password": PASSWORD, "next": "/tasks/"})
    assert response["Location"] == "/tasks/"


def test_wrong_email_wrong_password_and_a_dismissed_person_are_told_the_same(alice, bob, client):
    User.objects.filter(pk=bob.pk).update(is_active=False)
    said = set()
    for email, password in (
        ("nobody@example.com", PASSWORD),
        ("alice@example.com", "x"),
        ("bob@example.com", PASSWORD),
    ):
        page = sign_in(client, email, password).content.decode()
        said.add(re.search(r"alert[^>]*>(.*?)</div>", page, re.S)[1].strip())
    assert len(said) == 1


def test_after_ten_failures_the_right_password_does_not_help_either_and_others_are_not_shut_out(
    alice, bob, client
):
    for _ in range(accounts.FAILURES_OF_ONE_ON_AN_ADDRESS):
        sign_in(client, password="guess")
    assert sign_in(client).status_code == 200
    assert sign_in(client, REMOTE_ADDR="10.0.0.9").status_code == 302
    client.logout()
    assert sign_in(client, "bob@example.com").status_code == 302


def test_one_who_tries_many_addresses_is_slowed_down(alice, client, monkeypatch):
    monkeypatch.setattr(accounts, "FAILURES_OF_ONE", 3)
    for number in range(3):
        sign_in(client, f"{number}@example.com", "spring-2026")
    assert sign_in(client).status_code == 200


def test_a_success_forgets_the_failures_before_it(alice, client):
    for _ in range(accounts.FAILURES_OF_ONE_ON_AN_ADDRESS - 1):
        sign_in(client, password="guess")
    assert sign_in(client).status_code == 302
    client.logout()
    sign_in(client, password="guess")
    assert sign_in(client).status_code == 302


def test_with_the_cache_away_one_still_signs_in(alice, client, monkeypatch):
    def away(*args, **kwargs):
        raise ConnectionError("no Valkey")

    for verb in ("get_many", "add", "incr", "delete"):
        monkeypatch.setattr(cache, verb, away)
    assert sign_in(client, password="guess").status_code == 200
    assert sign_in(client).status_code == 302


@pytest.mark.clause("PZ-3.3")
def test_the_answer_is_the_same_whether_the_address_is_known_or_not(
    alice, client, monkeypatch, django_assert_num_queries
):
    queued = []
    monkeypatch.setattr(jobs.send_reset_letter, "delay", queued.append)
    pages = []
    for email in ("alice@example.com", "never@example.com"):
        with django_assert_num_queries(0):
            pages.append(
                client.post("/password/forgotten/", {"email": email})
                .content.decode()
                .replace(email, "")
            )
    token = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')
    assert token.sub("", pages[0]) == token.sub("", pages[1])
    assert queued == ["alice@example.com", "never@example.com"]


def reset_link(smtp_server: Postbox) -> str:
    """The path in the letter that the mail server gets when alice has forgotten her password."""
    assert jobs.send_reset_letter("ALICE@example.com") is True
    assert outgoing.letters().deliver_all(timezone.now()) == 1
    assert smtp_server.recipients == [["alice@example.com"]]
    (letter,) = smtp_server.letters
    text = letter.get_body(("plain",)).get_content()
    return re.search(r"http://localhost:8000(/password/\S+)", text)[1]


@pytest.mark.clause("PZ-3.3")
def test_the_link_of_the_letter_sets_a_new_password_once(alice, client, smtp_server: Postbox):
    link = reset_link(smtp_server)
    form = client.get(link, follow=True)
    path = form.redirect_chain[-1][0]
    new = {"new_password1": "three-green-apples", "new_password2": "three-green-apples"}
    assert client.post(path, new).status_code == 302
    client.logout()
    assert sign_in(client, password="three-green-apples").status_code == 302
    client.logout()
    again = client.get(link, follow=True).content.decode()
    assert "new_password1" not in again


def test_no_letter_goes_to_a_stranger_or_a_dismissed_person(alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert jobs.send_reset_letter("alice@example.com") is False
    assert jobs.send_reset_letter("never@example.com") is False
    assert not Message.objects.exists()


def test_a_letter_never_names_the_host_that_a_visitor_claims(
    alice, client, monkeypatch, smtp_server: Postbox
):
    asked = []
    monkeypatch.setattr(jobs.send_reset_letter, "delay", asked.append)
    client.post("/password/forgotten/", {"email": "alice@example.com"}, HTTP_HOST="localhost")
    assert asked == ["alice@example.com"]
    assert reset_link(smtp_server).startswith("/password/")


def test_the_key_to_an_account_does_not_stay_in_the_outbox(alice, smtp_server: Postbox):
    link = reset_link(smtp_server)
    (row,) = Message.objects.values()
    assert (row["status"], row["secret"], row["deal_id"]) == ("sent", True, None)
    assert link not in str(row)
    assert (row["text"], row["html"]) == ("", "")


def test_one_who_asks_again_and_again_gets_one_letter_a_minute(alice):
    now = timezone.now().replace(second=0)
    for second in range(3):
        assert accounts.send_reset_letter("alice@example.com", now=now.replace(second=second))
    assert Message.objects.count() == 1
    accounts.send_reset_letter("alice@example.com", now=now + timedelta(minutes=1))
    assert Message.objects.count() == 2


def test_with_the_broker_away_the_answer_is_the_same_and_the_log_tells(
    alice, client, monkeypatch, caplog
):
    def answer(email):
        response = client.post("/password/forgotten/", {"email": email})
        page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())
        return response.status_code, page.replace(email, "")

    monkeypatch.setattr(jobs.send_reset_letter, "delay", lambda email: None)
    usual = answer("never@example.com")
    monkeypatch.undo()
    for name in ("broker_url", "broker_write_url"):
        monkeypatch.setattr(current_app.conf, name, "redis://127.0.0.1:1/0")
    assert answer("alice@example.com") == answer("never@example.com") == usual
    assert caplog.text.count("the broker does not answer") == 2
    assert "@example.com" not in caplog.text


def test_a_page_open_when_the_session_ends_is_told_so_and_stays(alice, client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/deals/?q=a"}
    response = client.get("/tasks/", headers=headers, follow=True)
    assert response.status_code == 401
    told = json.loads(response["HX-Trigger"])["session:ended"]
    assert (
        told["url"] == f"/login/?{urlencode({'next': 'http://testserver/deals/?q=a', 'ended': 1})}"
    )


def test_who_is_signed_out_while_he_writes_comes_back_to_the_form_and_is_told_why(alice, client):
    client.cookies[settings.SESSION_COOKIE_NAME] = "of-a-session-that-ended"
    form = "http://testserver/deals/7/"
    response = client.post("/deals/7/note/", {"text": "x"}, headers={"Referer": form})
    assert response["Location"] == f"/login/?{urlencode({'next': form})}&ended=1"
    assert "Сессия закончилась" in client.get(response["Location"]).content.decode()
    strange = client.post("/deals/7/note/", headers={"Referer": "https://evil.example/"})
    assert strange["Location"] == "/login/?next=/deals/7/note/&ended=1"
    client.cookies.clear()
    assert client.get("/tasks/")["Location"] == "/login/?next=/tasks/"
    assert "Сессия закончилась" not in client.get("/login/").content.decode()


def test_a_page_older_than_the_session_gets_the_new_token_and_nothing_is_carried_out(alice):
    deal = make_deal(alice)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    path = f"/deals/{deal.pk}/note/"
    told = client.post(path, {"text": "x"}, headers={"HX-Request": "true"})
    assert told.status_code == 403
    renewed = json.loads(told["HX-Trigger"])["session:renewed"]
    assert renewed["user"] == str(alice.pk)
    assert not Event.objects.filter(verb="note.written").exists()
    client.post(path, {"text": "x", "csrfmiddlewaretoken": renewed["token"]})
    assert Event.objects.filter(verb="note.written").count() == 1
    plain = client.post(path, {"text": "x"})
    assert plain.status_code == 403
    assert "обновите" in plain.content.decode()


def test_the_language_is_kept_with_the_person(alice, client):
    client.force_login(alice)
    response = client.post("/language/", {"language": "en", "next": "/tasks/"})
    assert response["Location"] == "/tasks/"
    assert "New task" in client.get("/tasks/").content.decode()
    client.post("/language/", {"language": "zz", "next": "https://evil.example/"})
    alice.refresh_from_db()
    assert alice.language == "en"


def test_after_choosing_a_language_one_never_lands_on_a_foreign_site(client):
    assert (
        client.post("/language/", {"language": "ru", "next": "//evil.example"})["Location"] == "/"
    )


def test_one_signs_out_by_post_only(alice, client):
    client.force_login(alice)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").status_code == 302
    assert client.get("/tasks/").status_code == 302


def test_one_changes_the_password_and_stays_signed_in(alice, client):
    client.force_login(alice)
    new = {
        "old_password": PASSWORD,
        "new_password1": "three-green-apples",
        "new_password2": "three-green-apples",
    }
    assert client.post("/password/", new).status_code == 302
    assert client.get("/tasks/").status_code == 200
