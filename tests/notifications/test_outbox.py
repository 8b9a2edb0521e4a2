"""Delivering letters against a real SMTP server that accepts, refuses, defers, hangs and dies."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.mail import get_connection

from crm.models import Deal
from notifications import letters, outbox, tasks
from notifications.channels import ClaimLost, email
from notifications.models import Message, TemplateFile
from pipelines.actor import Actor
from tests.factories import NOON, make_deal
from tests.fixtures.smtp import Postbox
from tests.notifications.conftest import Stalling

MINUTE = timedelta(minutes=1)


@pytest.fixture
def letter(deal: Deal) -> Message:
    return letters.queue_letter(
        deal=deal,
        subject="Коммерческое предложение – ёлка",
        body="Добрый день, Алексей!\n.точка в начале\n",
        by=Actor.person(deal.owner),
        now=NOON,
    )


def deliver(letter: Message, now: datetime = NOON) -> Message:
    outbox.deliver_one_due(now)
    letter.refresh_from_db()
    return letter


def test_an_accepted_letter_is_sent_and_counts_as_an_attempt(
    letter: Message, smtp_server: Postbox
) -> None:
    deliver(letter)
    assert (letter.status, letter.sent_at, letter.error) == ("sent", NOON, "")
    assert smtp_server.recipients == [["lead@example.com"]]
    deal = Deal.objects.get(pk=letter.deal_id)
    assert deal.attempts == 1
    assert deal.events.get(verb="letter.sent").data["subject"] == letter.subject
    assert not outbox.deliver_one_due(NOON)
    assert len(smtp_server.letters) == 1


def test_the_letter_arrives_as_written(letter: Message, smtp_server: Postbox) -> None:
    deliver(letter)
    [arrived] = smtp_server.letters
    assert arrived["Subject"] == "Коммерческое предложение – ёлка"
    assert arrived["From"].addresses[0].display_name == "Алиса Белова"
    assert arrived["From"].addresses[0].addr_spec == "crm@localhost"
    assert arrived["Reply-To"].addresses[0].addr_spec == "alice@example.com"
    assert arrived["To"].addresses[0].display_name == "Алексей Лукашевич"
    assert arrived["Message-ID"] == letter.message_id
    assert arrived["Date"].datetime == NOON
    assert arrived["Auto-Submitted"] is None
    plain, html = arrived.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == letter.text
    assert letter.html in html.get_content().replace("\r\n", "\n")


def test_attachments_arrive_with_their_cyrillic_names(
    deal: Deal, template, smtp_server: Postbox
) -> None:
    content = b"%PDF\r\n.\r\n..\r\n" + bytes(range(256))
    file = TemplateFile.objects.create(
        template=template, file=ContentFile(content, "a.pdf"), name="КП для Беларуси, 2026.pdf"
    )
    letters.queue_letter(
        deal=deal, subject="", body="КП", by=Actor.person(deal.owner), now=NOON, files=[file]
    )
    outbox.deliver_one_due(NOON)
    [arrived] = smtp_server.letters
    [attached] = arrived.iter_attachments()
    assert attached.get_filename() == "КП для Беларуси, 2026.pdf"
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_content() == content


def test_a_letter_to_a_cyrillic_domain_uses_the_name_that_dns_knows(
    deal: Deal, smtp_server: Postbox
) -> None:
    letters.queue_letter(
        deal=deal, to="info@пример.рф", subject="т", body="т", by=Actor.person(deal.owner), now=NOON
    )
    outbox.deliver_one_due(NOON)
    assert smtp_server.recipients == [["info@xn--e1afmkfd.xn--p1ai"]]


def test_a_refused_letter_fails_with_the_servers_words(
    letter: Message, smtp_server: Postbox
) -> None:
    smtp_server.mode = "refuse"
    deliver(letter)
    assert (letter.status, letter.uncertain) == ("failed", False)
    assert "550" in letter.error
    assert "No such mailbox" in letter.error
    assert letter.deal.events.get(verb="letter.failed").data["error"] == letter.error
    assert Deal.objects.get(pk=letter.deal_id).attempts == 0


def test_a_deferred_letter_is_sent_at_the_next_try(letter: Message, smtp_server: Postbox) -> None:
    smtp_server.mode = "defer"
    deliver(letter)
    assert (letter.status, letter.next_try_at, letter.handed_at) == ("queued", NOON + MINUTE, None)
    assert "451" in letter.error
    smtp_server.mode = "accept"
    assert deliver(letter).status == "queued"
    assert deliver(letter, NOON + MINUTE).status == "sent"
    assert len(smtp_server.letters) == 1


def test_tries_grow_apart_and_end(letter: Message, smtp_server: Postbox) -> None:
    smtp_server.mode = "defer"
    now, waits = NOON, []
    while deliver(letter, now).status == "queued":
        waits.append(int((letter.next_try_at - now) / MINUTE))
        now = letter.next_try_at
    assert waits == list(outbox.DELAYS)
    assert letter.status == "failed"
    assert letter.attempts == outbox.TRIES == smtp_server.attempts
    assert "451" in letter.error


def test_a_server_that_is_away_is_left_alone_for_a_while(letter: Message, settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert outbox.deliver_one_due(NOON) is False
    letter.refresh_from_db()
    assert (letter.status, letter.handed_at) == ("queued", None)
    assert outbox.resting() == {"email"}
    assert tasks.deliver() == 0


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
@pytest.mark.parametrize("how", ["silent_at", "leaves_at"])
def test_a_server_that_fails_before_it_has_the_letter_gets_it_again(
    letter: Message, stalling_server: Stalling, step: str, how: str
) -> None:
    setattr(stalling_server, how, step)
    deliver(letter)
    assert (letter.status, letter.handed_at, letter.uncertain) == ("queued", None, False)
    setattr(stalling_server, how, "")
    assert deliver(letter, NOON + MINUTE).status == "sent"
    assert len(stalling_server.letters) == 1


@pytest.mark.parametrize("mode", ["hang", "die", "accept_then_die"])
def test_a_server_that_dies_with_the_letter_in_its_hands_leaves_the_decision_to_a_person(
    letter: Message, smtp_server: Postbox, mode: str
) -> None:
    smtp_server.mode = mode  # type: ignore[assignment]
    deliver(letter)
    assert (letter.status, letter.uncertain, letter.handed_at) == ("failed", True, NOON)
    assert letter.deal.events.get(verb="letter.failed").data["uncertain"] is True
    for later in (MINUTE, timedelta(days=1)):
        assert not outbox.deliver_one_due(NOON + later)
        assert outbox.sweep(NOON + later) == 0
    smtp_server.mode = "accept"
    taken = len(smtp_server.letters)
    letters.retry_message(letter, by=Actor.person(letter.deal.owner), now=NOON + MINUTE)
    assert deliver(letter, NOON + MINUTE).status == "sent"
    assert letter.uncertain is False
    assert len(smtp_server.letters) == taken + 1
    assert {item["Message-ID"] for item in smtp_server.letters} == {letter.message_id}


def test_without_a_server_a_letter_becomes_a_file_and_counts_as_sent(
    letter: Message, settings, mail_folder: Path
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert deliver(letter).status == "sent"
    [file] = mail_folder.iterdir()
    assert file.name == letter.message_id.strip("<>") + ".eml"
    assert message_from_bytes(file.read_bytes(), policy=policy.default)["Subject"] == letter.subject
    email.send(letter, now=NOON, hand_over=lambda: None)
    assert len(list(mail_folder.iterdir())) == 1


def test_a_letter_whose_attachment_is_gone_fails_and_says_which(
    deal: Deal, template, smtp_server: Postbox
) -> None:
    file = TemplateFile.objects.create(
        template=template, file=ContentFile(b"x", "gone.pdf"), name="gone.pdf"
    )
    letter = letters.queue_letter(
        deal=deal, subject="", body="т", by=Actor.person(deal.owner), now=NOON, files=[file]
    )
    Path(file.file.path).unlink()
    deliver(letter)
    assert letter.status == "failed"
    assert "gone" in letter.error
    assert smtp_server.attempts == 0


def test_a_letter_of_a_deal_archived_meanwhile_is_still_settled(
    letter: Message, smtp_server: Postbox
) -> None:
    Deal.objects.filter(pk=letter.deal_id).update(archived_at=NOON)
    assert deliver(letter).status == "sent"
    assert letter.deal.events.filter(verb="letter.sent").count() == 1


def test_a_rule_that_breaks_on_hearing_of_a_letter_does_not_make_it_go_twice(
    letter: Message, smtp_server: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args, **kwargs):
        raise RuntimeError("a rule is broken")

    monkeypatch.setattr(outbox.engine, "record", broken)
    assert deliver(letter).status == "sent"
    assert letter.deal.events.filter(verb="letter.sent").count() == 1
    assert not outbox.deliver_one_due(NOON + timedelta(days=1))


def test_a_broken_letter_does_not_stop_the_ones_behind_it(
    letter: Message, deal: Deal, smtp_server: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = letters.queue_letter(
        deal=deal, subject="вторая", body="т", by=Actor.person(deal.owner), now=NOON
    )
    send = email.send

    def sometimes(message: Message, **kwargs) -> None:
        if message.pk == letter.pk:
            raise RuntimeError("a fault of ours")
        send(message, **kwargs)

    monkeypatch.setitem(outbox.CHANNELS, Message.Channel.EMAIL, sometimes)
    assert deliver(letter).status == "queued"
    assert "a fault of ours" in letter.error
    assert deliver(second).status == "sent"


def test_a_claim_whose_worker_is_gone_is_queued_again_after_the_lease(
    letter: Message, smtp_server: Postbox
) -> None:
    assert outbox._claim(NOON) == letter
    assert not outbox.deliver_one_due(NOON + outbox.LEASE)
    assert outbox.sweep(NOON + outbox.LEASE) == 0
    later = NOON + outbox.LEASE + MINUTE
    assert outbox.sweep(later) == 1
    assert deliver(letter, later).status == "sent"
    assert len(smtp_server.letters) == 1


def test_a_claim_whose_worker_is_gone_after_the_hand_over_is_uncertain(letter: Message) -> None:
    claimed = outbox._claim(NOON)
    assert claimed is not None
    outbox._hand_over(claimed, NOON)
    later = NOON + outbox.LEASE + MINUTE
    outbox.sweep(later)
    letter.refresh_from_db()
    assert (letter.status, letter.uncertain) == ("failed", True)
    assert not outbox.deliver_one_due(later)


def test_a_worker_that_was_given_up_for_dead_hands_nothing_over(
    letter: Message, smtp_server: Postbox
) -> None:
    slow = outbox._claim(NOON)
    assert slow is not None
    later = NOON + outbox.LEASE + MINUTE
    outbox.sweep(later)
    deliver(letter, later)
    with pytest.raises(ClaimLost):
        email.send(slow, now=later, hand_over=lambda: outbox._hand_over(slow, later))
    assert len(smtp_server.letters) == 1


def test_an_answer_that_comes_after_the_sweep_lost_patience_is_still_believed(
    letter: Message,
) -> None:
    slow = outbox._claim(NOON)
    assert slow is not None
    outbox._hand_over(slow, NOON)
    outbox.sweep(NOON + outbox.LEASE + MINUTE)
    outbox._settle(slow, letters.LETTER_SENT, lambda row: row.confirm(now=NOON), NOON, late=True)
    letter.refresh_from_db()
    assert (letter.status, letter.uncertain, letter.error) == ("sent", False, "")


def test_a_sweep_that_looked_before_the_hand_over_does_not_queue_the_letter_again(
    letter: Message,
) -> None:
    slow = outbox._claim(NOON)
    assert slow is not None
    seen_by_the_sweep = Message.objects.get(pk=letter.pk)
    outbox._hand_over(slow, NOON)
    outbox._settle_failure(seen_by_the_sweep, outbox.SendError("gone"), NOON, at=NOON)
    letter.refresh_from_db()
    assert letter.status == "sending"


def test_a_letter_of_a_rule_speaks_for_the_owner_and_says_that_it_is_automatic(
    alice, bob, smtp_server: Postbox
) -> None:
    deal = make_deal(alice)
    rule = deal.pipeline.rules.first()
    letters.queue_letter(
        deal=deal, subject="т", body="т", by=Actor.person(bob).through(rule.pk), now=NOON
    )
    outbox.deliver_one_due(NOON)
    [arrived] = smtp_server.letters
    assert arrived["From"].addresses[0].display_name == "Алиса Белова"
    assert arrived["Auto-Submitted"] == "auto-generated"


def test_the_task_sends_all_that_is_due(deal: Deal, smtp_server: Postbox) -> None:
    for number in range(3):
        letters.queue_letter(
            deal=deal, subject=str(number), body="т", by=Actor.person(deal.owner), now=NOON
        )
    assert tasks.deliver() == 3
    assert [item["Subject"] for item in smtp_server.letters] == ["0", "1", "2"]


def test_a_line_that_begins_with_a_dot_does_not_end_the_letter(smtp_server: Postbox) -> None:
    content = b"Subject: dots\r\n\r\n.one\r\n.\r\n..two\r\nend\r\n"
    with email._session(get_connection()) as server:
        email._speak(server, "crm@localhost", "lead@example.com", content, lambda: None)
    [arrived] = smtp_server.letters
    assert arrived.get_content().replace("\r\n", "\n") == ".one\n.\n..two\nend\n"
