"""Several workers at once, and one that is killed: no letter is lost, none goes twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.utils import timezone

from crm.models import Deal
from notifications import letters, messages, outbox
from notifications.models import Message
from pipelines.actor import Actor
from tests.factories import NOON
from tests.fixtures.gateway import SECRET, TOKEN, Gateway
from tests.fixtures.smtp import Postbox
from tests.notifications.conftest import Stalling

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db(transaction=True)


def queue(deal: Deal, count: int = 1, now=NOON) -> list[Message]:
    by = Actor.person(deal.owner)
    return [
        letters.queue_letter(deal=deal, subject=f"№ {n}", body="т", by=by, now=now)
        for n in range(count)
    ]


def in_threads(count: int, work: Callable[[], object]) -> None:
    """Run it in so many threads, each with a connection of its own."""

    def one(_number: int) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(one, range(count)))


def test_workers_at_once_deliver_each_letter_once(deal: Deal, smtp_server: Postbox) -> None:
    queue(deal, 24)

    def work() -> None:
        while outbox.deliver_one_due(NOON):
            pass

    in_threads(4, work)
    assert sorted(item["Subject"] for item in smtp_server.letters) == sorted(
        f"№ {n}" for n in range(24)
    )
    assert set(Message.objects.values_list("status", flat=True)) == {"sent"}
    deal.reload()
    assert deal.attempts == 24
    assert deal.events.filter(verb="letter.sent").count() == 24


def test_two_workers_that_look_at_once_see_the_same_letter_and_one_takes_it(deal: Deal) -> None:
    """The race that the lock of `_claim` is there for: shown to happen without it, then not with it."""
    queue(deal)

    def beside(work: Callable[[], object]) -> list[object]:
        """What two workers find when the second looks before the first has committed."""
        found: list[object] = []
        with transaction.atomic():
            found.append(work())
            in_threads(1, lambda: found.append(work()))
        return found

    first, second = beside(lambda: Message.objects.due(NOON).first())
    assert first == second is not None
    first, second = beside(lambda: outbox._claim(NOON))
    assert first is not None
    assert second is None


def test_one_dedupe_key_at_once_makes_one_letter(deal: Deal) -> None:
    by = Actor.person(deal.owner)

    def work() -> None:
        own = Deal.objects.get(pk=deal.pk)
        letters.queue_letter(deal=own, subject="т", body="т", by=by, now=NOON, dedupe_key="once")

    in_threads(4, work)
    assert Message.objects.count() == 1
    assert deal.events.filter(verb="letter.queued").count() == 1


def test_a_letter_of_a_transaction_that_failed_does_not_exist(
    deal: Deal, smtp_server: Postbox
) -> None:
    with transaction.atomic():
        queue(deal)
        transaction.set_rollback(True)
    assert not outbox.deliver_one_due(NOON)
    assert not deal.events.filter(verb="letter.queued").exists()


def worker(server: Postbox | Gateway) -> subprocess.Popen[bytes]:
    """A process of its own that delivers one letter to the server, or one SMS to the gateway."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    database = urlunsplit(parts._replace(path="/" + str(connection.settings_dict["NAME"])))
    environment = os.environ | {
        "DATABASE_URL": database,
        **_other_side(server),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "MEDIA_ROOT": str(django_settings.MEDIA_ROOT),
    }
    code = (
        "import django; django.setup()\n"
        "from django.utils import timezone\n"
        "from notifications import outbox\n"
        "outbox.deliver_one_due(timezone.now())\n"
    )
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment)


def _other_side(server: Postbox | Gateway) -> dict[str, str]:
    if isinstance(server, Postbox):
        return {"EMAIL_URL": f"smtp://{server.host}:{server.port}", "EMAIL_TIMEOUT": "60"}
    return {
        "GATEWAY_SMS_URL": server.url,
        "GATEWAY_SECRET": SECRET,
        "GATEWAY_TOKEN": TOKEN,
        "GATEWAY_TIMEOUT": "60",
    }


def until(happens: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not happens():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def test_a_worker_killed_between_claim_and_sending_loses_nothing_and_sends_nothing_twice(
    deal: Deal, stalling_server: Stalling
) -> None:
    [letter] = queue(deal)
    stalling_server.silent_at = "MAIL"
    process = worker(stalling_server)
    until(lambda: Message.objects.filter(status="sending").exists())
    kill(process)
    letter.refresh_from_db()
    assert (letter.status, letter.handed_at) == ("sending", None)

    stalling_server.silent_at = ""
    now = timezone.now()
    assert not outbox.deliver_one_due(now)
    later = now + outbox.LEASE + timedelta(seconds=1)
    assert outbox.sweep(later) == 1
    assert outbox.deliver_one_due(later)
    assert not outbox.deliver_one_due(later)
    letter.refresh_from_db()
    assert (letter.status, letter.attempts) == ("sent", 2)
    assert len(stalling_server.letters) == 1


def test_a_worker_killed_with_the_letter_in_the_servers_hands_sends_nothing_twice(
    deal: Deal, smtp_server: Postbox
) -> None:
    [letter] = queue(deal)
    smtp_server.mode = "hang"
    process = worker(smtp_server)
    until(lambda: Message.objects.filter(handed_at__isnull=False).exists())
    kill(process)

    smtp_server.mode = "accept"
    later = timezone.now() + outbox.LEASE + timedelta(seconds=1)
    assert outbox.sweep(later) == 1
    assert not outbox.deliver_one_due(later)
    letter.refresh_from_db()
    assert (letter.status, letter.uncertain) == ("failed", True)
    assert smtp_server.letters == []

    letters.retry_message(letter, by=Actor.person(deal.owner), now=later)
    assert outbox.deliver_one_due(later)
    assert len(smtp_server.letters) == 1


def queue_sms(deal: Deal) -> Message:
    by = Actor.person(deal.owner)
    return messages.queue_message(deal=deal, channel="sms", text="т", by=by, now=NOON)


def test_workers_at_once_post_each_message_once(deal: Deal, gateway: Gateway) -> None:
    for _number in range(16):
        queue_sms(deal)

    def work() -> None:
        while outbox.deliver_one_due(NOON):
            pass

    in_threads(4, work)
    keys = [headers["Idempotency-Key"] for headers, _message in gateway.requests]
    assert len(keys) == len(set(keys)) == 16
    deal.reload()
    assert deal.attempts == 16


@pytest.mark.parametrize("idempotent", [False, True])
def test_a_worker_killed_with_the_message_in_the_gateways_hands_sends_nothing_twice(
    deal: Deal, gateway: Gateway, settings, idempotent: bool
) -> None:
    sms = queue_sms(deal)
    gateway.mode = "hang"
    process = worker(gateway)
    until(gateway.read.is_set)
    # It was committed before the gateway could read a word.
    sms.refresh_from_db()
    assert (sms.status, sms.handed_at is not None) == ("sending", True)
    kill(process)

    gateway.mode, settings.GATEWAY_IDEMPOTENT = "accept", idempotent
    later = timezone.now() + outbox.LEASE + timedelta(seconds=1)
    assert outbox.sweep(later) == 1
    assert outbox.deliver_one_due(later) is idempotent
    sms.refresh_from_db()
    if idempotent:
        # The gateway knows the key: of the two requests it sends one on.
        assert (sms.status, len(gateway.requests)) == ("sent", 2)
        assert len({headers["Idempotency-Key"] for headers, _said in gateway.requests}) == 1
    else:
        assert (sms.status, sms.uncertain, len(gateway.requests)) == ("failed", True, 1)
        letters.retry_message(sms, by=Actor.person(deal.owner), now=later)
        assert outbox.deliver_one_due(later)
    assert len(gateway.accepted) == 1


def test_a_worker_killed_before_the_gateway_has_it_loses_nothing(
    deal: Deal, gateway: Gateway, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim is committed, the connection hangs: nobody accepts it behind the gateway's back."""
    import socket

    with socket.create_server(("127.0.0.1", 0), backlog=0) as closed:
        own = Gateway(url=f"https://127.0.0.1:{closed.getsockname()[1]}/send")
        sms = queue_sms(deal)
        process = worker(own)
        until(lambda: Message.objects.filter(status="sending").exists())
        kill(process)
    sms.refresh_from_db()
    assert (sms.status, sms.handed_at) == ("sending", None)
    later = timezone.now() + outbox.LEASE + timedelta(seconds=1)
    assert outbox.sweep(later) == 1
    assert outbox.deliver_one_due(later)
    sms.refresh_from_db()
    assert (sms.status, len(gateway.accepted)) == ("sent", 1)
