"""Django's pages, which are WSGI, as an ASGI application in a fixed number of threads.

A request's body is taken in by the event loop, so that a slow sender keeps no thread waiting; an answer in one piece,
as pages are, goes back in one step; a long one goes in pieces from the thread that makes it, for its database
connection is that thread's own. Why not a2wsgi: docs/decisions/0021-live.md.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# What a form may send at most; the views say less, in words.
BODY_LIMIT = 128 * 2**20
# A body larger than this waits on disk.
IN_MEMORY = 2**20
# A long answer goes in pieces of at least so much.
PIECE = 64 * 2**10


class TooLarge(Exception):
    """The body is longer than anything we take."""


class Disconnected(Exception):
    """The client left before it had said everything."""


class Bridge:
    """`app` is a WSGI application."""

    def __init__(self, app: Callable[..., Iterable[bytes]], *, threads: int) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(threads, "pages")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live_and_let_die(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        with SpooledTemporaryFile(IN_MEMORY) as body:
            try:
                length = await _take_in(body, receive)
            except TooLarge:
                await _refuse(send)
                return
            except Disconnected:
                return
            loop = asyncio.get_running_loop()
            answer = _Answer(lambda message: _wait(loop, send(message)))
            environ = environment(scope, body, length)
            await loop.run_in_executor(self._threads, answer.make, self._app, environ)
            if answer.start is not None and not answer.is_started:
                await send(answer.start)
                await send({"type": "http.response.body", "body": answer.whole})


class _Answer:
    """What the application answers, made in a thread."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self.start: Message | None = None
        self.is_started = False
        self.whole = b""

    def make(self, app: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> None:
        pieces: list[bytes] = []
        size = 0
        parts = app(environ, self._start)
        try:
            for part in parts:
                pieces.append(part)
                size += len(part)
                # One piece of any size is a page, and goes whole.
                if size >= PIECE and len(pieces) > 1:
                    self._pass_on(b"".join(pieces))
                    pieces, size = [], 0
            if self.is_started:
                self._send({"type": "http.response.body", "body": b"".join(pieces)})
            else:
                self.whole = b"".join(pieces)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.start = {
            "type": "http.response.start",
            "status": int(status.split(" ", 1)[0]),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
            ],
        }

    def _pass_on(self, piece: bytes) -> None:
        if not self.is_started:
            self.is_started = True
            self._send(self.start or {})
        self._send({"type": "http.response.body", "body": piece, "more_body": True})


def _wait(loop: asyncio.AbstractEventLoop, sending: Awaitable[None]) -> None:
    async def run() -> None:
        await sending

    asyncio.run_coroutine_threadsafe(run(), loop).result()


async def _take_in(body: Any, receive: Receive) -> int:
    """The body's length. Errors: TooLarge, Disconnected."""
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        if part := message.get("body", b""):
            length += len(part)
            if length > BODY_LIMIT:
                raise TooLarge
            body.write(part)
        if not message.get("more_body", False):
            body.seek(0)
            return length


def environment(scope: Scope, body: Any, length: int) -> dict[str, Any]:
    """The request as WSGI says it (PEP 3333: text in which each character is a byte)."""
    host, port = scope.get("server") or ("localhost", 80)
    root = scope.get("root_path", "")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": root.encode().decode("latin-1"),
        "PATH_INFO": scope["path"].removeprefix(root).encode().decode("latin-1"),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 0),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        said = value.decode("latin-1")
        if key in environ:
            # HTTP/2 sends cookies in several headers.
            said = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + said
        environ[key] = said
    # What has arrived, not what was announced: nothing must wait for more.
    if length or "CONTENT_LENGTH" in environ:
        environ["CONTENT_LENGTH"] = str(length)
    return environ


async def _live_and_let_die(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def _refuse(send: Send) -> None:
    said = b"413: this is more than anybody may send at once."
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(said)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": said})
