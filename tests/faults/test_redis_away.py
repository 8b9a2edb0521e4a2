"""Redis stopped, hanging, and back: people go on working, and nobody is signed out."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from config import cache
from config.cache import PatientCache
from config.services.state import State
from config.services.valkey import Valkey
from crm.models import User
from tests.factories import make_deal

PAGES = ["/deals/", "/deals/table/", "/tasks/", "/search/?q=Базовое"]


@pytest.fixture
def valkey(settings) -> Iterator[Valkey]:
    """A server of the test's own, used as the cache; what is done to it concerns nobody else."""
    with tempfile.TemporaryDirectory(prefix="valkey-") as folder:
        server = Valkey(Path(folder) / "valkey", Path(folder) / "valkey.log", careless=True)
        state = State.new()
        server.start(state)
        settings.CACHES = {
            "default": settings.CACHES["default"] | {"LOCATION": state.addresses.redis_url}
        }
        PatientCache._rests_until = 0.0
        yield server
        server.stop()
    PatientCache._rests_until = 0.0


@pytest.fixture
def at_work(valkey: Valkey, alice: User, client: Client) -> Client:
    """Alice, signed in while all was well."""
    make_deal(alice)
    client.force_login(alice)
    assert client.get("/deals/").status_code == 200
    return client


def forget() -> None:
    """The next request is the first one that notices."""
    PatientCache._rests_until = 0.0


def test_pages_and_moves_work_while_redis_is_stopped(
    valkey: Valkey, at_work: Client, alice: User
) -> None:
    os.kill(valkey.pid(), signal.SIGKILL)
    forget()
    assert [at_work.get(page).status_code for page in PAGES] == [200] * len(PAGES)
    deal = make_deal(alice)
    moved = at_work.post(
        f"/deals/{deal.pk}/move/", {"to": "taken", "seen": deal.stage_id, "f-platform": "site"}
    )
    assert moved.status_code in (200, 302)
    deal.reload()
    assert deal.tasks.filter(state="open", code="qualify").exists()


def test_a_redis_that_hangs_costs_one_time_out_and_not_one_a_request(
    valkey: Valkey,
    at_work: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # However slow the machine, all pages are read within one rest.
    monkeypatch.setattr(cache, "REST_SECONDS", 3600.0)
    os.kill(valkey.pid(), signal.SIGSTOP)
    forget()
    try:
        assert [at_work.get(page).status_code for page in PAGES] == [200] * len(PAGES)
        waited = [record for record in caplog.records if record.name == cache.__name__]
        assert len(waited) == 1
    finally:
        os.kill(valkey.pid(), signal.SIGCONT)
    forget()
    assert at_work.get("/deals/").status_code == 200


def test_health_names_redis_and_stays_healthy(valkey: Valkey, client: Client, db: None) -> None:
    os.kill(valkey.pid(), signal.SIGKILL)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["redis"]) == (200, "unreachable")
