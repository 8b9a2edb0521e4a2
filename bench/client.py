"""A signed-in browser without a screen, and how it takes times."""

from __future__ import annotations

import gzip
import http.client
import multiprocessing
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

CLIENTS = 4
SECONDS = 4.0


class Client:
    """One kept-alive connection with a session; answers other than those expected are errors."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookies: dict[str, str] = {}

    def sign_in(self, email: str, password: str) -> Client:
        self.get("/login/")
        self.post("/login/", {"username": email, "password": password}, ok=(302,))
        return self

    def get(self, path: str, ok: tuple[int, ...] = (200,), **headers: str) -> bytes:
        return self._send("GET", path, None, ok, headers)

    def post(self, path: str, data: dict[str, Any], ok: tuple[int, ...] = (200, 204, 302)) -> bytes:
        return self._send(
            "POST", path, urlencode(data), ok, {"HX-Request": "true"} if path != "/login/" else {}
        )

    def _send(
        self, method: str, path: str, body: str | None, ok: tuple[int, ...], headers: dict[str, str]
    ) -> bytes:
        headers = headers | {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        }
        headers["Accept-Language"] = "ru"
        # As browsers ask; what it takes to compress is the server's time too.
        headers["Accept-Encoding"] = "gzip"
        if body is not None:
            headers |= {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-CSRFToken": self.cookies.get("csrftoken", ""),
            }
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        answer = response.read()
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if response.status not in ok:
            if response.headers.get("Content-Encoding") == "gzip":
                answer = gzip.decompress(answer)
            text = re.sub(r"\s+", " ", re.sub(rb"<[^>]+>", b" ", answer).decode())[:300]
            raise RuntimeError(f"{method} {path}: {response.status} {text}")
        return answer


Work = Callable[[Any, int], Any]


@dataclass
class Times:
    p50: float
    p95: float
    per_second: float


def measure(make: Callable[[], Any], work: Work, *, count: int, first: int = 0) -> Times:
    """`work(client, number)` alone `count` times, then by four processes at once; each number is used once."""
    client = make()
    for number in range(first, first + 5):
        work(client, number)
    taken = []
    for number in range(first + 5, first + 5 + count):
        started = time.perf_counter()
        work(client, number)
        taken.append((time.perf_counter() - started) * 1000)
    taken.sort()
    return Times(
        statistics.median(taken),
        taken[int(len(taken) * 0.95) - 1],
        _at_once(make, work, first + 5 + count),
    )


def _at_once(make: Callable[[], Any], work: Work, first: int) -> float:
    """Requests a second by `CLIENTS` processes for `SECONDS`."""
    context = multiprocessing.get_context("fork")
    ready, done = context.Barrier(CLIENTS), context.Queue()

    def run(place: int) -> None:
        client = make()
        work(client, first + place)
        ready.wait()
        number, until = first + CLIENTS + place, time.perf_counter() + SECONDS
        made, started = 0, time.perf_counter()
        while time.perf_counter() < until:
            work(client, number)
            number += CLIENTS
            made += 1
        done.put(made / (time.perf_counter() - started))

    processes = [context.Process(target=run, args=(place,)) for place in range(CLIENTS)]
    for process in processes:
        process.start()
    rates = [done.get(timeout=120) for _process in processes]
    for process in processes:
        process.join()
    return sum(rates)
