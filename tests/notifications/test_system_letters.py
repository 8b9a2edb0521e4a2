"""Letters of the system itself, and the secret ones among them: shown to nobody, wiped when settled."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm import outgoing
from crm.models import Deal, User
from notifications import letters, outbox
from notifications.channels import SendError
from notifications.models import Message, MessageFile
from pipelines.actor import Actor
from pipelines.models import Event
from tests.factories import NOON
from tests.fixtures.smtp import Postbox

LINK = "http://localhost:8000/password/MQ/token-of-alice/"
LIFE = timedelta(seconds=django_settings.PASSWORD_RESET_TIMEOUT)
SECOND = timedelta(seconds=1)
OUTBOX = "/admin/notifications/message/"
pytestmark = pytest.mark.django_db


def write(*, secret: bool = True, now=NOON, **kwargs) -> Message:
    return letters.queue_system_letter(
        to="alice@example.com", subject="Пароль", body=f"Ваша ссылка:\n{LINK}\n", now=now,
        secret=secret, **kwargs,
    )  # fmt: skip


def deliver(letter: Message, now=NOON) -> Message:
    outbox.deliver_one_due(now)
    letter.refresh_from_db()
    return letter


def is_wiped(letter: Message) -> bool:
    return "token-of-alice" not in str(Message.objects.filter(pk=letter.pk).values()[0])


def test_a_letter_of_the_system_comes_from_the_company_and_nobody_answers_it(
    smtp_server: Postbox,
) -> None:
    write()
    outbox.deliver_one_due(NOON)
    [arrived] = smtp_server.letters
    assert arrived["From"].addresses[0].display_name == "Reglament"
    assert arrived["Reply-To"] is None
    assert arrived["Auto-Submitted"] == "auto-generated"
    plain, html = arrived.iter_parts()
    assert LINK in plain.get_content()
    assert f'href="{LINK}"' in html.get_content()


def test_its_entries_name_no_deal_and_quote_nothing(smtp_server: Postbox) -> None:
    deliver(write())
    entries = Event.objects.order_by("pk")
    assert [entry.verb for entry in entries] == ["letter.queued", "letter.sent"]
    for entry in entries:
        assert (entry.deal_id, entry.contact_id, entry.actor_id) == (None, None, None)
        assert "token-of-alice" not in str(entry.data)


def test_one_dedupe_key_makes_one_letter_of_the_system(db: None) -> None:
    first = write(dedupe_key="k")
    assert write(dedupe_key="k") == first
    assert Event.objects.count() == 1


def test_it_leaves_after_the_commit(django_capture_on_commit_callbacks) -> None:
    with (
        patch.object(letters, "kick") as kick,
        django_capture_on_commit_callbacks(execute=True),
    ):
        write()
        assert not kick.called
    assert kick.called


def test_the_statement_that_marks_a_secret_as_sent_wipes_it(smtp_server: Postbox) -> None:
    letter = write()
    with CaptureQueriesContext(connection) as queries:
        assert deliver(letter).status == "sent"
    assert is_wiped(letter)
    [marked] = [
        query["sql"]
        for query in queries
        if query["sql"].startswith("UPDATE") and "'sent'" in query["sql"]
    ]
    assert """"text" = ''""" in marked
    assert """"html" = ''""" in marked


@pytest.mark.parametrize("mode", ["refuse", "die", "accept_then_die"])
def test_a_secret_that_failed_for_good_or_whose_fate_is_unknown_is_wiped(
    smtp_server: Postbox, mode: str
) -> None:
    smtp_server.mode = mode  # type: ignore[assignment]
    letter = deliver(write())
    assert (letter.status, letter.uncertain) == ("failed", mode != "refuse")
    assert is_wiped(letter)


def test_a_deferred_secret_keeps_its_text_until_the_tries_end(smtp_server: Postbox) -> None:
    smtp_server.mode = "defer"
    letter, now = write(), NOON
    while deliver(letter, now).status == "queued":
        assert LINK in letter.text
        now = letter.next_try_at
    assert letter.attempts == outbox.TRIES
    assert letter.status == "failed"
    assert is_wiped(letter)


@pytest.mark.parametrize("permanent", [True, False])
def test_a_server_that_quotes_the_link_does_not_bring_it_into_the_outbox(
    monkeypatch: pytest.MonkeyPatch, permanent: bool
) -> None:
    def quoting(*args, **kwargs) -> None:
        raise SendError(f"554 5.7.1 Blocked link <{LINK}> in the letter", permanent=permanent)

    monkeypatch.setitem(outbox.CHANNELS, Message.Channel.EMAIL, quoting)
    letter = deliver(write())
    assert letter.error == "554 5.7.1 Blocked link … in the letter"
    assert "token-of-alice" not in str(list(Event.objects.values()))


@pytest.mark.parametrize("status", ["sent", "failed"])
def test_the_database_refuses_a_settled_secret_with_its_text(db: None, status: str) -> None:
    write()
    with pytest.raises(IntegrityError, match="message_secret_is_wiped"), transaction.atomic():
        Message.objects.update(status=status)
    with pytest.raises(IntegrityError, match="message_secret_is_wiped"), transaction.atomic():
        Message.objects.update(status=status, text="")


def test_the_database_refuses_a_secret_in_a_deal(deal: Deal) -> None:
    write()
    with (
        pytest.raises(IntegrityError, match="message_secret_is_nobodys_deal"),
        transaction.atomic(),
    ):
        Message.objects.update(deal=deal)


def test_a_letter_of_the_system_that_is_no_secret_keeps_its_text(smtp_server: Postbox) -> None:
    letter = deliver(write(secret=False))
    assert letter.status == "sent"
    assert LINK in letter.text
    assert LINK in letter.shown_text


def test_a_secret_that_could_not_leave_in_its_time_is_wiped_and_never_sent(
    smtp_server: Postbox,
) -> None:
    secret, letter = write(), write(secret=False)
    assert outbox.sweep(NOON + LIFE) == 0
    assert deliver(letter, NOON + LIFE + SECOND).status == "sent"
    assert not outbox.deliver_one_due(NOON + LIFE + SECOND)
    assert outbox.sweep(NOON + LIFE + SECOND) == 1
    secret.refresh_from_db()
    assert (secret.status, secret.uncertain, secret.attempts) == ("failed", False, 0)
    assert secret.error
    assert is_wiped(secret)
    assert len(smtp_server.letters) == 1
    assert Event.objects.filter(verb="letter.failed", data__message=secret.pk).count() == 1
    assert outbox.sweep(NOON + LIFE + SECOND) == 0


def test_a_secret_whose_worker_is_gone_is_sent_in_its_time_or_wiped_after_it(
    smtp_server: Postbox,
) -> None:
    in_time, late = write(), write()
    claimed = [outbox._claim(NOON), outbox._claim(NOON)]
    assert claimed == [in_time, late]
    lease_over = NOON + outbox.LEASE + SECOND
    assert outbox.sweep(lease_over) == 2
    assert deliver(in_time, lease_over).status == "sent"
    outbox._claim(lease_over)
    outbox.sweep(NOON + LIFE + SECOND)
    late.refresh_from_db()
    assert late.status == "failed"
    assert is_wiped(late)
    assert len(smtp_server.letters) == 1


def test_an_answer_that_comes_after_the_wiping_is_still_believed(db: None) -> None:
    write()
    slow = outbox._claim(NOON)
    assert slow is not None
    outbox._hand_over(slow, NOON)
    outbox.sweep(NOON + outbox.LEASE + SECOND)
    assert is_wiped(slow)
    outbox._settle(slow, letters.LETTER_SENT, lambda row: row.confirm(now=NOON), NOON, late=True)
    slow.refresh_from_db()
    assert slow.status == "sent"
    assert is_wiped(slow)


def test_a_wiped_letter_is_not_sent_again_and_another_of_the_system_is(
    administrator: User, smtp_server: Postbox
) -> None:
    smtp_server.mode = "refuse"
    secret, letter = deliver(write()), deliver(write(secret=False))
    by = Actor.person(administrator)
    with pytest.raises(letters.LetterError):
        letters.retry_message(secret, by=by, now=NOON)
    smtp_server.mode = "accept"
    letters.retry_message(letter, by=by, now=NOON)
    assert deliver(letter).status == "sent"
    assert Event.objects.filter(verb="letter.queued", actor=administrator).count() == 1


# ── Who sees it ────────────────────────────────────────────────────────────────


@pytest.fixture
def office(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def test_an_administrator_sees_that_it_is_there_and_not_what_it_says(office: Client) -> None:
    letter = write()
    assert letter.shown_text not in ("", letter.text)
    for path in (OUTBOX, f"{OUTBOX}{letter.pk}/change/"):
        page = office.get(path).content.decode()
        assert "alice@example.com" in page
        assert "token-of-alice" not in page
    assert letter.shown_text in page


@pytest.mark.parametrize("lookup", ["text__startswith", "html__regex", "text"])
def test_nor_is_it_guessed_sign_by_sign(office: Client, lookup: str) -> None:
    write()
    assert office.get(OUTBOX, {lookup: "В"}).status_code == 400


def test_an_administrator_still_reads_other_letters(office: Client, deal: Deal) -> None:
    letter = letters.queue_letter(
        deal=deal, subject="т", body="Добрый день!", by=Actor.person(deal.owner), now=NOON
    )
    assert "Добрый день!" in office.get(f"{OUTBOX}{letter.pk}/change/").content.decode()


@pytest.mark.parametrize("secret", [True, False])
def test_whoever_sees_deals_sees_no_letter_of_the_system_among_them(
    deal: Deal, client: Client, secret: bool
) -> None:
    """A deal that continues no sale has no origin, and such a letter no deal: that must not make them a pair."""
    letter = write(secret=secret)
    file = MessageFile.objects.create(message=letter, file="x.pdf", name="x.pdf")
    client.force_login(deal.owner)
    assert client.get(f"/letters/{letter.pk}/").status_code == 404
    assert client.post(f"/letters/{letter.pk}/retry/").status_code == 404
    assert client.get(f"/letters/{letter.pk}/files/{file.pk}/").status_code == 404
    assert not Message.objects.visible_to(deal.owner).exists()
    assert outgoing.messages_by_id([letter.pk]) == {}
