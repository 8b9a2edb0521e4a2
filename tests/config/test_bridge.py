"""WSGI inside ASGI: what comes in, what goes out, and in how many pieces."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from config import bridge
from config.bridge import PIECE, Bridge


def ask(
    app: Callable[..., Iterable[bytes]],
    *received: dict[str, Any],
    headers: Iterable[tuple[bytes, bytes]] = (),
    path: str = "/",
) -> list[Any]:
    """What the application's answer is sent as."""
    sent: list[Any] = []
    waiting = list(received) or [{"type": "http.request", "body": b""}]

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": path, "query_string": b"q=%D0%B8", "http_version": "1.1",
        "headers": list(headers), "client": ("10.0.0.7", 1), "server": ("crm.example", 443), "scheme": "https",
    }  # fmt: skip
    asyncio.run(Bridge(app, threads=1)(scope, receive, send))
    return sent


def answering(*parts: bytes) -> Callable[..., Iterable[bytes]]:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter(parts)

    return app


def test_a_page_goes_in_one_piece_whatever_its_size() -> None:
    start, body = ask(answering(b"x" * PIECE * 3))
    assert (start["status"], start["headers"]) == (200, [(b"content-type", b"text/plain")])
    assert len(body["body"]) == PIECE * 3


def test_a_long_answer_goes_in_pieces_and_ends() -> None:
    sent = ask(answering(*[b"x" * (PIECE // 2)] * 5))
    assert [len(message["body"]) for message in sent[1:]] == [PIECE, PIECE, PIECE // 2]
    assert [message.get("more_body", False) for message in sent[1:]] == [True, True, False]


def test_the_application_is_asked_as_wsgi_says_and_is_closed() -> None:
    seen: dict[str, Any] = {}

    class Answer:
        def __iter__(self) -> Any:
            return iter([b"ok"])

        def close(self) -> None:
            seen["closed"] = True

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        seen.update(environ, body=environ["wsgi.input"].read())
        start_response("204 No Content", [])
        return Answer()

    ask(
        app,
        {"type": "http.request", "body": b"a=", "more_body": True},
        {"type": "http.request", "body": b"1"},
        headers=[(b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"x-one", b"1"), (b"content-length", b"9")],
        path="/сделки/",
    )  # fmt: skip
    # HTTP/2 splits cookies; joined by a comma they would be another cookie.
    assert seen["HTTP_COOKIE"] == "a=1; b=2"
    assert (seen["body"], seen["CONTENT_LENGTH"]) == (b"a=1", "3")
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/сделки/"
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("10.0.0.7", "https")
    assert seen["closed"]


def test_too_large_a_body_is_refused_before_a_thread_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bridge, "BODY_LIMIT", 10)
    asked: list[Any] = []
    start, _body = ask(lambda *given: asked.append(given) or [], {"type": "http.request", "body": b"x" * 11})  # type: ignore[func-returns-value]  # fmt: skip
    assert (start["status"], asked) == (413, [])


def test_who_leaves_before_he_has_said_all_is_not_answered() -> None:
    half = {"type": "http.request", "body": b"x", "more_body": True}
    assert ask(answering(b"ok"), half, {"type": "http.disconnect"}) == []
