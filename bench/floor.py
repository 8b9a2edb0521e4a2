"""The floor: the least SQL that does the same work, by a bare psycopg client with prepared statements."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.types.json import Jsonb


class Floor:
    def __init__(self, url: str, facts: dict[str, Any]) -> None:
        self.sql = psycopg.connect(url, autocommit=True, prepare_threshold=0)
        self.facts = facts

    def board(self, _number: int) -> None:
        """Exact counts and sums by counting, and 40 cards of each of the ten columns with their names."""
        self.all(
            "SELECT stage_id, count(*), sum(budget) FROM crm_deal WHERE archived_at IS NULL AND owner_id = ANY(%s)"
            " AND pipeline_id = %s GROUP BY 1",
            self.facts["owners"], self.facts["pipeline"],
        )  # fmt: skip
        self.cards(_number)

    def cards(self, _number: int) -> None:
        self.all(
            "SELECT d.*, c.name, k.name FROM unnest(%s::bigint[]) s(id) CROSS JOIN LATERAL ("
            " SELECT id, name, budget, contact_id, company_id, next_task_at, stage_since FROM crm_deal"
            " WHERE stage_id = s.id AND archived_at IS NULL AND owner_id = ANY(%s)"
            " ORDER BY stage_since DESC, id DESC LIMIT 40) d"
            " LEFT JOIN crm_contact c ON c.id = d.contact_id LEFT JOIN crm_company k ON k.id = d.company_id",
            self.facts["stages"], self.facts["owners"],
        )  # fmt: skip

    def table(self, _number: int) -> None:
        self.all(
            "SELECT d.id, d.name, d.budget, d.created_at, c.name, k.name FROM crm_deal d"
            " LEFT JOIN crm_contact c ON c.id = d.contact_id LEFT JOIN crm_company k ON k.id = d.company_id"
            " WHERE d.pipeline_id = %s AND d.archived_at IS NULL AND d.stage_id = %s AND d.owner_id = %s"
            " ORDER BY d.created_at DESC, d.id DESC LIMIT 51",
            self.facts["pipeline"], self.facts["stages"][2], self.facts["owners"][3],
        )  # fmt: skip

    def far_table(self, _number: int) -> None:
        self.all(
            "SELECT d.id, d.name, d.budget, d.created_at, c.name, k.name FROM crm_deal d"
            " LEFT JOIN crm_contact c ON c.id = d.contact_id LEFT JOIN crm_company k ON k.id = d.company_id"
            " WHERE d.pipeline_id = %s AND d.archived_at IS NULL AND (d.created_at, d.id) < (%s, %s)"
            " AND d.owner_id = ANY(%s) ORDER BY d.created_at DESC, d.id DESC LIMIT 51",
            self.facts["pipeline"], self.facts["far_at"], self.facts["far_id"], self.facts["owners"],
        )  # fmt: skip

    def search(self, _number: int) -> None:
        self.all(
            "SELECT id, name FROM crm_contact WHERE lower(name) LIKE %s AND archived_at IS NULL LIMIT 7",
            f"%{self.facts['part']}%",
        )

    def phone(self, number: int) -> None:
        self.all(
            "SELECT c.id, c.name FROM crm_contactpoint p JOIN crm_contact c ON c.id = p.contact_id"
            " WHERE p.value = %s AND p.kind = 'phone'",
            self.facts["phones"][number % len(self.facts["phones"])],
        )

    def card(self, number: int) -> None:
        deal = self.facts["some"][number % len(self.facts["some"])]
        self.all(
            "SELECT d.*, c.name, k.name FROM crm_deal d LEFT JOIN crm_contact c ON c.id = d.contact_id"
            " LEFT JOIN crm_company k ON k.id = d.company_id WHERE d.id = %s", deal,
        )  # fmt: skip
        self.all("SELECT * FROM pipelines_event WHERE deal_id = %s ORDER BY id DESC LIMIT 30", deal)
        self.all(
            "SELECT * FROM crm_task WHERE deal_id = %s AND state = 'open' ORDER BY due_at", deal
        )

    def create(self, number: int) -> None:
        now = self.facts["now"]
        with self.sql.transaction():
            deal = self._deal(number, now)
            self._event("deal.opened", deal, now)
            self._task(deal, now)

    def _deal(self, number: int, now: datetime) -> int:
        return self._one(
            "INSERT INTO crm_deal (name, pipeline_id, stage_id, status, stage_since, budget, currency, owner_id,"
            " arrival, values, attempts, created_at)"
            " VALUES (%s, %s, %s, 'open', %s, 1000, 'BYN', %s, 'hand', '{}', 0, %s) RETURNING id",
            f"Сделка {number}", self.facts["pipeline"], self.facts["stages"][0], now, self.facts["owners"][3], now,
        )  # fmt: skip

    def _event(self, verb: str, deal: int, now: datetime) -> int:
        return self._one(
            "INSERT INTO pipelines_event (verb, deal_id, data, at) VALUES (%s, %s, %s, %s) RETURNING id",
            verb, deal, Jsonb({"text": "…"}), now,
        )  # fmt: skip

    def _task(self, deal: int, now: datetime) -> int:
        return self._one(
            "INSERT INTO crm_task (code, kind, text, due_at, all_day, owner_id, deal_id, state, result, scenario,"
            " revision, created_at) VALUES ('', 'call', 'Позвонить', %s, false, %s, %s, 'open', '', '', 0, %s)"
            " RETURNING id",
            now, self.facts["owners"][3], deal, now,
        )  # fmt: skip

    def move(self, number: int) -> None:
        """Lock, guards answered from the row, the change, its history, two feed entries, a task, a letter."""
        now, deal = self.facts["now"], self.facts["spare"][number % len(self.facts["spare"])]
        with self.sql.transaction():
            self._one("SELECT stage_id FROM crm_deal WHERE id = %s FOR UPDATE", deal)
            self.sql.execute(
                "UPDATE crm_deal SET stage_id = %s, status = 'lost', stage_since = %s WHERE id = %s",
                [self.facts["stages"][9], now, deal],
            )
            event = self._event("deal.moved", deal, now)
            self.sql.execute(
                "INSERT INTO pipelines_stagechange (deal_id, to_stage_id, event_id, at, before)"
                " VALUES (%s, %s, %s, %s, '{}')",
                [deal, self.facts["stages"][9], event, now],
            )
            self._task(deal, now)
            self._event("task.created", deal, now)
            self.sql.execute(
                self.facts["letter_sql"], [deal, f"<{uuid4().hex}@floor.example>", now]
            )

    def tick(self, now: datetime, due: int) -> None:
        """The tasks of all due countdowns in one statement."""
        self.sql.execute(
            "WITH due AS (UPDATE pipelines_timer SET state = 'fired', ended_at = %s WHERE id IN (SELECT id"
            " FROM pipelines_timer WHERE state = 'armed' AND due_at <= %s LIMIT %s) RETURNING deal_id)"
            " INSERT INTO crm_task (code, kind, text, due_at, all_day, owner_id, deal_id, state, result, scenario,"
            " revision, created_at) SELECT '', 'call', 'Уточнить', %s, false, %s, deal_id, 'open', '', '', 0, %s FROM due",
            [now, now, due, now, self.facts["owners"][3], now],
        )

    def all(self, statement: str, *values: Any) -> list[Any]:
        return self.sql.execute(statement, values).fetchall()

    def _one(self, statement: str, *values: Any) -> Any:
        row = self.sql.execute(statement, values).fetchone()
        return row[0] if row else None
