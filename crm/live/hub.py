"""One subscription to Redis for all the streams of a web process. Everything here runs in its event loop."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from typing import Any

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from crm.live.publishing import CHANNEL
from crm.live.readers import Reader

log = logging.getLogger(__name__)

# So many messages may wait for one reader; who reads more slowly is dropped, and comes back by himself.
WAITING = 200
CONNECT_SECONDS = 3.0
# Silence of the server for so long, and then again after a ping, is a server that hangs.
SILENCE_SECONDS = 10.0
PAUSES = (0.2, 1.0, 2.0, 5.0)

END = {"what": "end"}


class Ear:
    """One open stream, as the hub sees it."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(WAITING)
        # Said once, instead of all that waits: why the stream ends.
        self.ended = ""

    def hear(self, message: dict[str, Any]) -> None:
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            self.end("slow")

    def end(self, why: str) -> None:
        self.ended = self.ended or why
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(END)


class Hub:
    """Who listens to what in this process."""

    def __init__(self) -> None:
        self._ears: dict[str, set[Ear]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._up = asyncio.Event()

    async def is_up(self) -> bool:
        """Whether messages come in; waits a moment for the first connection."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._listen())
        if not self._up.is_set():
            try:
                await asyncio.wait_for(self._up.wait(), CONNECT_SECONDS)
            except TimeoutError:
                return False
        return True

    def add(self, ear: Ear) -> None:
        for topic in ear.reader.topics:
            self._ears[topic].add(ear)

    def remove(self, ear: Ear) -> None:
        for topic in ear.reader.topics:
            self._ears[topic].discard(ear)
            if not self._ears[topic]:
                del self._ears[topic]

    def deliver(self, told: list[dict[str, Any]]) -> None:
        """Give the messages to those who may hear them."""
        for message in told:
            topic, data, owners = message["topic"], message["data"], message.get("owners")
            if data.get("what") == "signed-out":
                for ear in self._listening_to(topic):
                    if ear.reader.session == data.get("session"):
                        ear.end("signed-out")
                continue
            said = {"topic": topic, "data": data}
            for ear in self._listening_to(topic):
                seen = ear.reader.owners
                if owners is None or seen is None or not seen.isdisjoint(owners):
                    ear.hear(said)

    def _listening_to(self, topic: str) -> list[Ear]:
        if topic == "*":
            return list({ear for ears in self._ears.values() for ear in ears})
        return list(self._ears.get(topic, ()))

    async def _listen(self) -> None:
        """For ever: connect, hand on what comes, and tell the streams when nothing comes any more."""
        failures = 0
        while True:
            try:
                await self._connected()
            except (RedisError, OSError, TimeoutError) as error:
                if self._up.is_set():
                    log.warning("The streams end, Redis does not answer: %s", error)
                    failures = 0
            except Exception:
                log.exception("the hub of the streams")
            self._up.clear()
            for ear in self._listening_to("*"):
                ear.end("away")
            await asyncio.sleep(PAUSES[min(failures, len(PAUSES) - 1)])
            failures += 1

    async def _connected(self) -> None:
        # No retries of the client's own: it would come back in silence, and what was told meanwhile would be lost.
        client = Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            retry_on_error=[],
        )
        async with client, client.pubsub() as listening:
            await listening.subscribe(CHANNEL)
            is_asked = False
            while True:
                message = await listening.get_message(timeout=SILENCE_SECONDS)
                if message is None:
                    if is_asked:
                        raise TimeoutError("Redis is silent")
                    await listening.ping()
                    is_asked = True
                    continue
                is_asked = False
                if message["type"] == "subscribe":
                    self._up.set()
                elif message["type"] == "message":
                    self.deliver(json.loads(message["data"]))
