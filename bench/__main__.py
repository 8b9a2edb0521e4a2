"""`make bench`: each page beside the floor, in one run on one server. SCALE=10 for a million deals, SCALE=0.1 to try it out."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from bench import server
from bench.client import Client, Times, measure

SCALE = float(os.environ.get("SCALE", "1"))
ONLY = os.environ.get("ONLY", "")


def main() -> None:
    database_url, redis_url = server.database(SCALE)
    env = server.environment(database_url, redis_url)
    os.environ.update(env)
    import django

    django.setup()
    from django.db import connection

    from bench import bulk, due
    from bench import facts as reading
    from bench.floor import Floor

    facts = reading.read()
    connection.close()
    rows = pages(facts)
    print(
        f"\n{SCALE * 100_000:,.0f} deals; ms at one client, a second at four; floor: bare psycopg\n"
    )
    head = ("work", "p50", "p95", "/s", "SQL", "kB", "floor", "floor/s", "×")
    print("{:44} {:>7} {:>7} {:>7} {:>4} {:>6} {:>7} {:>8} {:>6}".format(*head))
    with server.web(env) as web:
        for name, work, floor, count in rows:
            if ONLY and ONLY not in name:
                continue
            page = measure(lambda: _client(web.port), work, count=count)
            least = measure(lambda: Floor(database_url, facts), floor, count=count)
            _print(name, page, least, statements(work), _size(web.port, work))
        print(f"\nlargest web process: {web.memory():.0f} MB")
    if not ONLY or ONLY in "countdowns":
        due.countdowns(database_url, facts)
    if not ONLY or ONLY in "licences":
        due.licences_due(facts)
    if not ONLY or ONLY in "violations":
        due.violations(facts)
    if not ONLY or ONLY in "bulk":
        bulk.changes(facts)
    server.stop()


def pages(
    facts: dict[str, Any],
) -> list[tuple[str, Callable[[Any, int], Any], Callable[[Any, int], Any], int]]:
    from bench import analytics, driving
    from bench.floor import Floor

    table = {"pipeline": "leads", "stage": facts["stage_codes"][2], "owner": facts["owners"][3]}
    far = {"pipeline": "leads", "after": facts["far_mark"]}
    spare = facts["spare_of_pages"]
    refuse = {
        "to": facts["stage_codes"][9],
        "seen": facts["stages"][0],
        "f-refusal_reason": "wrong_address",
    }

    def phone(number: int) -> str:
        return quote(facts["phones"][number % len(facts["phones"])])

    def create(client: Any, number: int) -> None:
        client.post(
            "/deals/new/?pipeline=leads", {"name": f"Новая сделка {number}", "budget": "1 000,50"}
        )

    def move(client: Any, number: int) -> None:
        client.post(f"/deals/{spare[number % len(spare)]}/move/", refuse)

    def plain_move(client: Any, number: int) -> None:
        deal = facts["driven"][driving.place(number)]
        client.post(f"/deals/{deal}/move/", {"to": driving.NEXT, "seen": facts["driving_first"]})

    def press(client: Any, number: int) -> None:
        task = facts["pressed"][driving.place(number)]
        client.post(
            f"/tasks/{task}/outcome/{driving.SCENARIO}/", {"revision": "0", "result": "недозвон"}
        )

    return [
        ("board, as shipped", lambda c, n: c.get("/deals/?pipeline=leads"), Floor.board, 60),
        ("board, 40 cards a column", lambda c, n: c.get("/deals/?pipeline=leads&first=40"), Floor.board, 60),
        ("table, two filters, page 1", lambda c, n: c.get(f"/deals/table/?{urlencode(table)}"), Floor.table, 100),
        ("table, page 500", lambda c, n: c.get(f"/deals/table/?{urlencode(far)}"), Floor.far_table, 100),
        ("search by part of a Cyrillic name", lambda c, n: c.get(f"/search/?q={quote('Тарасевич 47')}", **{"HX-Request": "true"}), Floor.search, 100),
        ("search by phone", lambda c, n: c.get(f"/search/?q={phone(n)}", **{"HX-Request": "true"}), Floor.phone, 100),
        ("desktop", lambda c, n: c.get("/desktop/"), Floor.board, 60),
        ("my day", lambda c, n: c.get("/day/"), Floor.table, 60),
        ("the team's day", lambda c, n: c.get("/day/team/"), Floor.table, 30),
        ("a deal's card with its feed", lambda c, n: c.get(f"/deals/{facts['some'][n % len(facts['some'])]}/"), Floor.card, 100),
        ("create a deal with its task", create, Floor.create, 60),
        ("move with history, guards, task, letter", move, Floor.move, 60),
        ("move by hand where scenarios rule", plain_move, Floor.move, 60),
        ("scenario: counted, moved, next task, offer", press, Floor.move, 60),
        *analytics.pages(facts),
    ]  # fmt: skip


def _client(port: int) -> Client:
    from bench.data import PASSWORD

    return Client(port).sign_in("head@bench.example", PASSWORD)


class _Counted:
    """A client in this process, for counting statements; speaks like `Client`."""

    def __init__(self) -> None:
        from django.test import Client as TestClient

        from crm.models import User

        self.client = TestClient()
        self.client.force_login(User.objects.get(email="head@bench.example"))

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=headers)

    def post(self, path: str, data: dict[str, Any]) -> Any:
        return self.client.post(path, data, headers={"HX-Request": "true"})


def statements(work: Callable[[Any, int], Any]) -> int:
    """How many SQL statements one warm request sends."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext, override_settings

    with override_settings(ALLOWED_HOSTS=["testserver", "127.0.0.1"]):
        client = _Counted()
        work(client, 4001)
        with CaptureQueriesContext(connection) as captured:
            work(client, 4002)
    connection.close()
    return len(captured)


def _size(port: int, work: Callable[[Any, int], Any]) -> float:
    client = _client(port)
    answer = work(client, 4003)
    return len(answer or b"") / 1024


def _print(name: str, page: Times, floor: Times, sql: int, size: float) -> None:
    print(
        f"{name:44} {page.p50:7.1f} {page.p95:7.1f} {page.per_second:7.0f} {sql:4} {size:6.0f} "
        f"{floor.p50:7.2f} {floor.per_second:8.0f} {page.p50 / floor.p50:6.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
