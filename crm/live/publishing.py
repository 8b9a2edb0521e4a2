"""Telling open pages what has changed, once the transaction that changed it is committed.

A transaction tells once, whatever it did: one message to Redis with all that is to be told. With Redis away nothing is
told, and nobody waits for it.
"""

from __future__ import annotations

import json
import logging
import time
from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

# Everything goes by one channel; each web process sorts out what its own readers may hear.
CHANNEL = "reglament:live"
TIMEOUT_SECONDS = 0.5
# After a failure nobody tries again for so long: a server that hangs would cost every request its time-out.
REST_SECONDS = 5.0
# More single changes than this in one transaction are «many»: pages read themselves anew.
MANY = 100


class _Waiting:
    """What this connection's transaction has to tell."""

    def __init__(self) -> None:
        self.told: dict[str, dict[str, Any]] = {}
        # The list that our hook stands in: Django begins another at the end of a transaction or of a savepoint.
        self.hooks: Any = None


def publish(topic: str, data: dict[str, Any], *, owners: set[int] | None = None) -> None:
    """Tell whoever listens to `topic` after the commit; at once outside a transaction.

    `data` holds what happened and numbers, never what a record says. Told twice of one topic and `what`, lists are joined.
    `owners` narrows the topic to those who see records of one of these people.
    """
    # Looked up once: a tick of rules tells ten thousand things.
    here = connections[DEFAULT_DB_ALIAS]
    waiting = _waiting(here)
    key = f"{topic} {data.get('what', '')}"
    known = waiting.told.get(key)
    entry: dict[str, Any] = {"topic": topic, "data": dict(data)}
    if owners is not None:
        entry["owners"] = sorted(owners)
    waiting.told[key] = _join(known, entry) if known else entry
    if waiting.hooks is not here.run_on_commit or not here.in_atomic_block:
        waiting.hooks = here.run_on_commit
        # Outside a transaction it runs in this call.
        transaction.on_commit(_flush, robust=True)


def _waiting(here: Any) -> _Waiting:
    # What a rolled-back transaction left here is told with the next one's: a page read anew for nothing.
    found: _Waiting | None = getattr(here, "live_waiting", None)
    if found is None:
        found = here.live_waiting = _Waiting()
    return found


def _join(known: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    data = {**known["data"], **entry["data"]}
    for name, value in known["data"].items():
        other = entry["data"].get(name)
        if isinstance(value, list) and isinstance(other, list):
            data[name] = list(dict.fromkeys([*value, *other]))
    joined = {"topic": entry["topic"], "data": data}
    if "owners" in known and "owners" in entry:
        joined["owners"] = sorted({*known["owners"], *entry["owners"]})
    return joined


def _flush() -> None:
    waiting = _waiting(connections[DEFAULT_DB_ALIAS])
    told, waiting.told, waiting.hooks = list(waiting.told.values()), {}, None
    if told:
        send(told)


_rests_until = 0.0


def send(told: list[dict[str, Any]]) -> bool:
    """Hand the messages to Redis; False where it is away."""
    global _rests_until
    if time.monotonic() < _rests_until:
        return False
    try:
        _client().publish(CHANNEL, json.dumps(told))
    except RedisError as error:
        _rests_until = time.monotonic() + REST_SECONDS
        log.warning("Open pages are not told, Redis does not answer: %s", error)
        return False
    return True


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
    )
