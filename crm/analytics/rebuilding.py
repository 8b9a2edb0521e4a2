"""Comparing what the reports read with what it copies, and copying anew."""

from __future__ import annotations

from django.db import connection, transaction

PASSAGE = "change_id, deal_id, at, from_stage_id, to_stage_id, owner_id, arrival, first, seconds"
TALK = "event_id, at, kind, incoming, answered, seconds, person_id, deal_id"


def differences() -> dict[str, int]:
    """How many rows of each copy are missing, too many or other than they should be; all noughts when it is whole.

    Whose a talk was is decided when it happens, so of talks only their being there is compared.
    """
    return {
        "passages": _count(
            f"(SELECT {PASSAGE} FROM crm_passage_source EXCEPT SELECT {PASSAGE} FROM crm_passage)"  # noqa: S608 (names of ours)
            f" UNION ALL (SELECT {PASSAGE} FROM crm_passage EXCEPT SELECT {PASSAGE} FROM crm_passage_source)"
        ),
        "talks": _count(
            "SELECT 1 FROM crm_talk_source s FULL JOIN crm_talk t USING (event_id)"
            " WHERE s.at IS NULL OR t.at IS NULL"
        ),
    }


@transaction.atomic
def rebuild() -> None:
    """Copy all passages anew and the talks that are missing; pages read the old rows meanwhile, moves wait."""
    with connection.cursor() as cursor:
        # Whoever has written to them has finished, and whoever will write waits: nothing is lost between.
        cursor.execute("LOCK TABLE crm_passage, crm_talk IN EXCLUSIVE MODE")
        cursor.execute("DELETE FROM crm_passage")
        cursor.execute(
            f"INSERT INTO crm_passage ({PASSAGE}) SELECT {PASSAGE} FROM crm_passage_source"  # noqa: S608 (names of ours)
        )
        cursor.execute(
            f"INSERT INTO crm_talk ({TALK}) SELECT {TALK} FROM crm_talk_source ON CONFLICT DO NOTHING"  # noqa: S608 (names of ours)
        )
        cursor.execute(
            "DELETE FROM crm_talk t WHERE NOT EXISTS (SELECT 1 FROM pipelines_event e WHERE e.id = t.event_id)"
        )


def _count(rows: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({rows}) AS different")  # noqa: S608 (names of ours)
        row = cursor.fetchone()
        return int(row[0]) if row else 0
