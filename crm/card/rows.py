"""The small things around a deal, read in one statement: most deals have few of them, and each costs a round trip."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import connection

from crm import evidence
from crm.models import Deal

# How long the deal stood on each stage that it has left, all its stays together.
_STOOD = """
    SELECT from_stage_id AS stage, EXTRACT(EPOCH FROM sum(stayed))::bigint AS stood
    FROM pipelines_stagechange WHERE deal_id = %(deal)s AND from_stage_id IS NOT NULL GROUP BY from_stage_id
"""
_AROUND = f"""
    SELECT ARRAY(SELECT ARRAY[name, color] FROM crm_tag JOIN crm_deal_tags ON tag_id = crm_tag.id
                 WHERE deal_id = %(deal)s ORDER BY name),
           ARRAY(SELECT ARRAY[kind, value] FROM crm_contactpoint WHERE contact_id = %(contact)s ORDER BY id),
           ARRAY(SELECT ARRAY[kind, value] FROM crm_contactpoint WHERE company_id = %(company)s ORDER BY id),
           (SELECT json_object_agg(stage, stood) FROM ({_STOOD}) AS passed),
           EXISTS(SELECT FROM crm_task WHERE deal_id = %(deal)s AND state = 'open'),
           EXISTS(SELECT FROM pipelines_offer WHERE deal_id = %(deal)s AND state = 'open'),
           EXISTS(SELECT FROM crm_file WHERE deal_id = ANY(%(chain)s) AND archived_at IS NULL),
           EXISTS(SELECT FROM crm_deal WHERE origin_id = %(deal)s),
           EXISTS(SELECT FROM pipelines_event WHERE deal_id = %(deal)s AND verb = ANY(%(proofs)s)),
           EXISTS(SELECT FROM crm_pin WHERE deal_id = %(deal)s)
"""  # noqa: S608 (a constant of ours)


class Point(NamedTuple):
    """How to reach a contact or a company; as `ContactPoint`."""

    kind: str
    value: str


class Around(NamedTuple):
    """Tags and points as they are; of the rest only whether there is any, so that nothing absent is asked for."""

    tags: list[tuple[str, str]]
    contact_points: list[Point]
    company_points: list[Point]
    # Seconds on each stage that the deal has left, by the stage's id.
    stood: dict[int, int]
    has_tasks: bool
    has_offers: bool
    has_files: bool
    has_continuations: bool
    # Entries of the feed that may be evidence.
    has_proofs: bool
    has_pins: bool


def around(deal: Deal, chain: list[int]) -> Around:
    """What stands around a deal; `chain` are the ids of the deal and of the sales it continues."""
    asked: dict[str, Any] = {
        "deal": deal.pk,
        "contact": deal.contact_id,
        "company": deal.company_id,
        "chain": chain,
        "proofs": list(evidence.VERBS),
    }
    with connection.cursor() as cursor:
        cursor.execute(_AROUND, asked)
        tags, contact, company, stood, *has = cursor.fetchone()
    return Around(
        [(name, color) for name, color in tags],
        _points(contact),
        _points(company),
        {int(stage): seconds or 0 for stage, seconds in (stood or {}).items()},
        *has,
    )


def stood_on(deal: Deal) -> dict[int, int]:
    """Seconds on each stage that the deal has left, by the stage's id."""
    with connection.cursor() as cursor:
        cursor.execute(_STOOD, {"deal": deal.pk})
        return {stage: seconds or 0 for stage, seconds in cursor.fetchall()}


def _points(rows: list[list[str]]) -> list[Point]:
    return [Point(*row) for row in rows]
