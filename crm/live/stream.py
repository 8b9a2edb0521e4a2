"""Server-sent events as an ASGI application: `GET /live/?topics=deal:5,pipeline:1&since=<milliseconds>`.

An open stream is a coroutine and a queue: no thread, no database connection. The database is asked by a few threads
when a stream opens, and again every half a minute, so that rights which are lost are lost here too.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.db import close_old_connections
from django.http.cookie import parse_cookie

from crm.live import readers
from crm.live.hub import END, Ear, Hub

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
CHECK_SECONDS = 30.0
RETRY_MILLISECONDS = 3000
# Each holds one database connection.
THREADS = 2
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # nginx passes it on at once.
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


class Streams:
    """The streams of one web process."""

    def __init__(self) -> None:
        self._hub: Hub | None = None
        self._threads = ThreadPoolExecutor(THREADS, "live")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            return await _refuse(send, 405)
        hub = self._hub = self._hub or Hub()
        session_key = _session_key(scope)
        asked = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        topics = readers.parse(asked.get("topics", [""])[0])
        since = readers.moment(_header(scope, b"last-event-id") or asked.get("since", [""])[0])
        if not session_key:
            return await _refuse(send, 401)
        if not await hub.is_up():
            return await _refuse(send, 503)
        try:
            reader = (await self._ask(_open, session_key, topics, None))[0]
        except Exception:
            log.exception("a stream could not be opened")
            return await _refuse(send, 503)
        if reader is None:
            return await _refuse(send, 401)
        ear = Ear(reader)
        hub.add(ear)
        try:
            # Only now: what happens while we look is heard as well.
            missed = (await self._ask(_open, session_key, topics, since))[1] if since else []
            await self._talk(ear, session_key, missed, receive, send)
        finally:
            hub.remove(ear)

    async def _talk(
        self,
        ear: Ear,
        session_key: str,
        missed: list[dict[str, Any]],
        receive: Receive,
        send: Send,
    ) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        hello = {"topic": "", "data": {"what": "hello"}}
        opening = f"retry: {RETRY_MILLISECONDS}\n\n" + "".join(map(_event, [hello, *missed]))
        await _write(send, opening)
        gone = asyncio.ensure_future(_disconnected(receive))
        checked = time.monotonic()
        try:
            while not gone.done():
                message = await _next(ear, gone)
                if message is END or ear.ended:
                    await _write(send, _event({"topic": "", "data": END | {"why": ear.ended}}))
                    break
                await _write(send, _event(message) if message else ": \n\n")
                if time.monotonic() - checked > CHECK_SECONDS:
                    checked = time.monotonic()
                    if not await self._may_still_hear(ear, session_key):
                        ear.end("rights")
        finally:
            gone.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _may_still_hear(self, ear: Ear, session_key: str) -> bool:
        """Fewer topics or other people are another reader: the page comes back and is asked anew what it may hear."""
        try:
            reader = (await self._ask(_open, session_key, ear.reader.topics, None))[0]
        except Exception:
            log.exception("a stream could not be checked")
            return False
        return bool(reader == ear.reader)

    async def _ask(self, question: Callable[..., Any], *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _with_database, question, *arguments)


def _with_database(question: Callable[..., Any], *arguments: Any) -> Any:
    close_old_connections()
    try:
        return question(*arguments)
    finally:
        close_old_connections()


def _open(
    session_key: str, topics: frozenset[str], since: datetime | None
) -> tuple[readers.Reader | None, list[dict[str, Any]]]:
    found = readers.read(session_key, topics)
    if found is None:
        return None, []
    reader, user = found
    return reader, readers.changes(user, reader.topics, since) if since else []


async def _next(ear: Ear, gone: asyncio.Future[None]) -> dict[str, Any] | None:
    """The next message; None where it is time for a sign of life, or the reader is gone."""
    waiting = asyncio.ensure_future(ear.queue.get())
    both: set[asyncio.Future[Any]] = {waiting, gone}
    done, _pending = await asyncio.wait(
        both, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED
    )
    if waiting in done:
        return waiting.result()
    waiting.cancel()
    return None


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(message: dict[str, Any]) -> str:
    """One event, with the moment as its number: a browser that comes back says what it had heard."""
    return f"id: {int(time.time() * 1000)}\ndata: {json.dumps(message)}\n\n"


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _refuse(send: Send, status: int) -> None:
    headers = [(b"cache-control", b"no-store"), (b"content-length", b"0")]
    if status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _session_key(scope: Scope) -> str:
    # HTTP/2 may send cookies in several headers.
    cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    return parse_cookie(cookies.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
