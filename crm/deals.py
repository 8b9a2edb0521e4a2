"""The verbs of deals besides moving: open, edit, hand to another person, tag, note, archive."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import tag_lists
from crm.card import mentions
from crm.clients import owner as client_owner
from crm.intake import duplicates
from crm.models import Company, Contact, Deal, Tag, User
from pipelines import catalog, engine, fields, registry, writes
from pipelines.actor import Actor
from pipelines.catalog import CompiledPipeline, CompiledStage
from pipelines.errors import BadAnswer
from pipelines.locking import check_right_to_edit
from pipelines.models import Event
from pipelines.transactions import holding, once, verb

DEAL_ASSIGNED = registry.event(
    "deal.assigned", label=gettext_lazy("responsible changed"), icon="user-share"
)
DEAL_TAGGED = registry.event("deal.tagged", label=gettext_lazy("tags changed"), icon="tag")
DEAL_LINKED = registry.event(
    "deal.linked", label=gettext_lazy("contact or company changed"), icon="link"
)
DEAL_HANDED_OVER = registry.event(
    "deal.handed_over", label=gettext_lazy("deal handed over"), icon="corner-down-right"
)
DEAL_ARCHIVED = registry.event("deal.archived", label=gettext_lazy("deal archived"), icon="archive")
NOTE_WRITTEN = registry.event("note.written", label=gettext_lazy("note"), icon="note")

NOTE_LIMIT = 20_000


@verb
def open_deal(
    *,
    pipeline: CompiledPipeline,
    name: str,
    owner: User,
    by: Actor,
    now: datetime,
    contact: Contact | None = None,
    company: Company | None = None,
    arrival: str = Deal.Arrival.HAND,
    answers: dict[str, Any] | None = None,
    stage: CompiledStage | None = None,
    origin: Deal | None = None,
    tags: list[str] | None = None,
    values: dict[str, Any] | None = None,
) -> Deal:
    """Open a deal on the pipeline's first stage (or `stage`), with answers by field code; rules run at once.

    `values` are stored values taken over as they are from another deal. Errors: BadAnswer, MoveRefused (a stage other than
    the first may ask for fields; a client may be somebody else's).
    """
    duplicates.check_free(contact, company, pipeline=pipeline, owner=owner, by=by)
    names = _distinct(tags or [])
    if by.is_person:
        _check_listed(names, pipeline)
    deal = Deal(
        pipeline_id=pipeline.id,
        owner=owner,
        contact=contact,
        company=company,
        currency=pipeline.currency,
        arrival=arrival,
        origin=origin,
        created_at=now,
        values=values or {},
    )
    deal.fill({"name": name, **(answers or {})}, by=by, now=now)
    engine.place(
        deal,
        stage=stage,
        by=by,
        now=now,
        prepare=lambda: _put_on(deal, names, by=by, now=now),
    )
    return deal


@verb
def edit_deal(
    deal: Deal, answers: dict[str, Any], *, by: Actor, now: datetime
) -> dict[str, list[Any]]:
    """Set fields of the deal; returns {code: [before, after]}. Errors: BadAnswer, RegulationError without the right."""
    pipeline = engine.lock(deal)
    check_right_to_edit(deal, pipeline, by)
    return engine.change_fields(deal, answers, by=by, now=now)


@verb
def assign_deal(
    deal: Deal, *, owner: User, by: Actor, now: datetime, with_tasks: bool = True
) -> None:
    """Make another person responsible; his predecessor's open tasks on the deal go with it."""
    pipeline = engine.lock(deal)
    check_right_to_edit(deal, pipeline, by)
    if deal.owner_id == owner.pk:
        return
    before, deal.owner = deal.owner, owner
    deal.save(update_fields=["owner"])
    if with_tasks:
        deal.tasks.filter(state="open", owner=before).update(owner=owner)
    client_owner.go_with_deal(deal, pipeline, before=before, by=by, now=now)
    facts = {"from": str(before), "to": str(owner), "from_id": before.pk, "to_id": owner.pk}
    engine.record(DEAL_ASSIGNED, deal=deal, by=by, now=now, data=facts)


@verb
def link_people(
    deal: Deal, *, contact: Contact | None, company: Company | None, by: Actor, now: datetime
) -> None:
    """Attach a contact and a company to the deal, or take them off. Errors: ClientTaken."""
    from crm import deliveries

    new = [
        record for record in (contact, company) if record not in (None, deal.contact, deal.company)
    ]
    # Before the deal is locked, in the order of those who take in requests.
    duplicates.check_free(*new, pipeline=pipeline_of(deal), owner=deal.owner, by=by)
    pipeline = engine.lock(deal)
    check_right_to_edit(deal, pipeline, by)
    before = [str(deal.contact or ""), str(deal.company or "")]
    deal.contact, deal.company = contact, company
    deal.save(update_fields=["contact", "company"])
    after = [str(contact or ""), str(company or "")]
    if before != after:
        engine.record(DEAL_LINKED, deal=deal, by=by, now=now, data={"from": before, "to": after})
        deliveries.follow_client(deal, by=by, now=now)


@verb
def tag_deal(
    deal: Deal,
    *,
    add: list[str] | None = None,
    remove: list[str] | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Put tags on and take them off, by name; an unknown name becomes a new tag.

    Errors: BadAnswer for a tag that a person may not put on, where the playbook's list is all there is.
    """
    if not add and not remove:
        return
    pipeline = engine.lock_to_edit(deal, by)
    present = {tag.name.casefold(): tag for tag in deal.tags.all()}
    missing = [name for name in _distinct(add or []) if name.casefold() not in present]
    taken_off = [tag for raw in remove or [] if (tag := present.get(raw.casefold()))]
    if by.is_person:
        _check_listed(missing, pipeline)
    if not missing and not taken_off:
        return
    deal.tags.add(*map(_tag_named, missing))
    deal.tags.remove(*taken_off)
    gone = [tag.name for tag in taken_off]
    engine.record(DEAL_TAGGED, deal=deal, by=by, now=now, data={"added": missing, "removed": gone})


def _put_on(deal: Deal, names: list[str], *, by: Actor, now: datetime) -> None:
    """Tag a deal that is being opened: it has none yet, and nobody else can put one on."""
    if not names:
        return
    for pk in dict.fromkeys(_tag_named(name).pk for name in names):
        writes.insert(Deal.tags.through(deal_id=deal.pk, tag_id=pk))
    engine.record(DEAL_TAGGED, deal=deal, by=by, now=now, data={"added": names, "removed": []})


def _distinct(raw: list[str]) -> list[str]:
    """The names as they are stored, each once, however it is written."""
    names = [name for one in raw if (name := " ".join(fields.storable(one).split())[:60])]
    return list({name.casefold(): name for name in names}.values())


def _tag_named(name: str) -> Tag:
    # Two people may invent the same tag at once: the second one finds the first one's.
    return once(
        ("tag", name.casefold()),
        lambda: Tag.objects.get_or_create(name__iexact=name, defaults={"name": name})[0],
    )


def _check_listed(names: list[str], pipeline: CompiledPipeline) -> None:
    prepared = tag_lists.prepared_for(pipeline)
    if not prepared.only or not (odd := [name for name in names if not prepared.knows(name)]):
        return
    said = _("“%(tag)s” is not on the list of tags. There are: %(tags)s.") % {
        "tag": odd[0],
        "tags": ", ".join(name for name, _color in prepared.tags),
    }
    raise BadAnswer({"add": f"{said} ({prepared.clause})" if prepared.clause else said})


@verb
def write_note(
    deal: Deal, *, text: str, by: Actor, now: datetime, mentioned: Collection[int] = ()
) -> Event:
    """Add a note to the deal's feed; colleagues named in it by «@» are told. Errors: BadAnswer."""
    data = note_of(text, mentioned)
    engine.lock_to_edit(deal, by)
    return engine.record(NOTE_WRITTEN, deal=deal, by=by, now=now, data=data)


def note_of(text: str, mentioned: Collection[int] = ()) -> dict[str, Any]:
    """What the entry of a note keeps; `mentioned` are ids that tell namesakes apart. Errors: BadAnswer."""
    text = fields.storable(text).strip()
    if not text:
        raise BadAnswer({"text": _("The note is empty.")})
    if len(text) > NOTE_LIMIT:
        raise BadAnswer({"text": _("At most %(limit)s characters.") % {"limit": NOTE_LIMIT}})
    return {"text": text, **mentions.named(text, mentioned)}


@verb
def archive_deal(deal: Deal, *, by: Actor, now: datetime) -> None:
    """Take the deal out of every list; its history stays. Open tasks are cancelled, timers too."""
    from crm.planning import keeping
    from crm.planning.tasks import cancel_task

    pipeline = engine.lock(deal)
    check_right_to_edit(deal, pipeline, by)
    tasks = keeping.open_tasks(deal)
    with holding(deal, *tasks):
        for task in tasks:
            cancel_task(task, by=by, now=now, reason=_("the deal was archived"))
    engine.cancel_timers(deal, now=now)
    deal.archived_at = now
    writes.update(deal, "archived_at")
    engine.record(DEAL_ARCHIVED, deal=deal, by=by, now=now)


def pipeline_of(deal: Deal) -> CompiledPipeline:
    return catalog.pipeline(deal.pipeline_id)
