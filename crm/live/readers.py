"""Who listens, to what he may, and what he has missed meanwhile. Asks the database; the stream calls it from a thread."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db.models import F
from django.http import HttpRequest

from crm import deals, visibility
from crm.models import Company, Contact, Deal, User
from pipelines import catalog
from pipelines.models import Event

# Whole words of the address: what kind of record, and its number.
TOPIC = re.compile(r"(user|deal|contact|company|pipeline):([1-9]\d{0,17})")
TOPICS_LIMIT = 50
# Everything older than so many entries of the feed is «much»: the page reads itself anew.
RECENT = 300
# A verb takes its moment when it begins and is seen when it commits.
MARGIN = timedelta(seconds=2)
MUCH = {"topic": "*", "data": {"what": "many"}}


@dataclass(frozen=True)
class Reader:
    """A signed-in person's ear: what it may hear at this moment."""

    user_id: int
    # A digest of the session's key: who signs out there stops hearing.
    session: str
    topics: frozenset[str]
    # Whose deals he sees; None: everybody's.
    owners: frozenset[int] | None


def parse(text: str) -> frozenset[str]:
    """The topics of an address, `deal:5,pipeline:1`; what is none is passed over."""
    found = [part for part in text.split(",")[:TOPICS_LIMIT] if TOPIC.fullmatch(part)]
    return frozenset(found)


def user_of(session_key: str) -> User | None:
    """The active user of the session, with his roles and people; None where it is nobody's or over."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    return user if isinstance(user, User) and user.is_authenticated else None


def read(session_key: str, topics: frozenset[str]) -> tuple[Reader, User] | None:
    """The reader of a session with those of the topics that he may hear."""
    user = user_of(session_key)
    if user is None:
        return None
    catalog.refresh(getattr(user, "known_stamps", None))
    heard = allowed(user, topics)
    return Reader(user.pk, digest(session_key), heard, user.visible_owner_ids), user


def allowed(user: User, topics: frozenset[str]) -> frozenset[str]:
    """Those of the topics whose record the user may see, and always his own."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for topic in topics:
        kind, _colon, number = topic.partition(":")
        wanted[kind].add(int(number))
    heard = {f"user:{user.pk}"}
    records: tuple[tuple[str, Any], ...] = (
        ("deal", Deal.objects.visible_to(user)),
        ("contact", Contact.objects.visible_to(user)),
        ("company", Company.objects.visible_to(user)),
    )
    for kind, his in records:
        if numbers := wanted[kind]:
            seen = his.filter(pk__in=numbers).values_list("pk", flat=True)
            heard |= {f"{kind}:{pk}" for pk in seen}
    if wanted["pipeline"]:
        open_to_him = {pipeline.id for pipeline in visibility.pipelines_of(user)}
        heard |= {f"pipeline:{pk}" for pk in wanted["pipeline"] & open_to_him}
    return frozenset(heard)


def digest(session_key: str) -> str:
    return hashlib.sha256(session_key.encode()).hexdigest()[:24]


def changes(user: User, topics: Iterable[str], since: datetime) -> list[dict[str, Any]]:
    """What a page of these topics, which `allowed` has let through, must look at again if it was read at `since`."""
    recent: list[Any] = list(
        Event.objects.order_by("-pk").values(
            "verb", "deal_id", "contact_id", "company_id", "actor_id", "at", was=F("data__from_id")
        )[:RECENT]
    )
    fresh = [entry for entry in recent if entry["at"] > since - MARGIN]
    if len(fresh) == RECENT:
        return [MUCH]
    heard = set(topics)
    found: dict[str, dict[str, Any]] = {}
    for entry in fresh:
        for kind in ("deal", "contact", "company"):
            topic = f"{kind}:{entry[kind + '_id']}"
            if topic in heard:
                data = found.setdefault(topic, {"what": "changed", "verbs": [], "by": []})
                data["verbs"].append(entry["verb"])
                data["by"] += [entry["actor_id"]] if entry["actor_id"] else []
    if any(topic.startswith("pipeline:") for topic in heard):
        for pk, pipeline in _deals_to_look_at(user, fresh):
            topic = f"pipeline:{pipeline}"
            if topic in heard:
                found.setdefault(topic, {"what": "deals", "deals": [], "by": []})["deals"].append(
                    pk
                )
    return [{"topic": topic, "data": data} for topic, data in found.items()]


def _deals_to_look_at(user: User, fresh: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """(deal, pipeline) of what he sees, and of what he saw until somebody gave it away."""
    numbers = {entry["deal_id"] for entry in fresh if entry["deal_id"]}
    if not numbers:
        return []
    seen = list(
        Deal.objects.visible_to(user).filter(pk__in=numbers).values_list("pk", "pipeline_id")
    )
    owners = user.visible_owner_ids
    lost = {
        entry["deal_id"]
        for entry in fresh
        if entry["verb"] == deals.DEAL_ASSIGNED and owners is not None and entry["was"] in owners
    } - {pk for pk, _pipeline in seen}
    # Which pipeline's card it was is not his to ask any more: every board of his looks for it.
    boards = {pipeline.id for pipeline in visibility.pipelines_of(user)} if lost else set()
    return [*seen, *((pk, pipeline) for pk in lost for pipeline in boards)]


def moment(text: str) -> datetime | None:
    """A moment from the address, milliseconds since 1970; None for anything else."""
    if not re.fullmatch(r"\d{1,14}", text):
        return None
    return datetime.fromtimestamp(int(text) / 1000, UTC)


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
