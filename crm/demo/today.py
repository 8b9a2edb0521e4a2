"""What a day at the office leaves on the pages besides deals: a request for help, a batch, a client entered twice."""

from __future__ import annotations

from datetime import datetime, timedelta

from crm.batches import verbs as batches
from crm.batches.verbs import NewRow
from crm.clients import people
from crm.deals import write_note
from crm.models import Deal, IntakeRule, IntakeSource, User
from crm.models.intake import RequestKind
from pipelines import catalog, engine
from pipelines.actor import Actor
from pipelines.overrides import Pledge

BATCH = 6
ASKED = "Уточнить, что изменилось у клиента с начала месяца"


def work_today(head: User, managers: list[User], playbook: str, *, now: datetime) -> None:
    """The same for every company, so that each of its people finds the pages alive."""
    found = Deal.objects.filter(owner__in=managers, status="open", pipeline__playbook=playbook)
    newest = found.order_by("-created_at").select_related("contact", "owner")
    # Some stages belong to others: who distributes the leads there is not the head.
    deals = [deal for deal in newest if _may_edit(head, deal)][: 2 * BATCH]
    for deal in deals[:2]:
        text = f"@{deal.owner} посмотрите, пожалуйста, сегодня: клиент просил не тянуть."
        write_note(deal, text=text, by=Actor.person(head), now=now)
    _set_tasks(deals[BATCH:], head, now)
    for deal in deals[:2]:
        _enter_twice(deal, now)
    _add_source(playbook)


def _may_edit(user: User, deal: Deal) -> bool:
    stage = catalog.pipeline(deal.pipeline_id).stage_by_id[deal.stage_id]
    return stage.lets("edit", user.role_names)


def _set_tasks(deals: list[Deal], head: User, now: datetime) -> None:
    due = (now + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    batches.start(
        "deals.task",
        title=f"Задача: {ASKED}",
        rows=[NewRow(deal.pk, deal.name, {"seen": deal.stage_id}) for deal in deals],
        by=Actor.person(head),
        now=now,
        params={"text": ASKED, "kind": "call", "due_at": due.isoformat()},
    )


def _enter_twice(deal: Deal, now: datetime) -> None:
    """The client of the deal once more, as he is entered in a hurry: the family name first, the same phone."""
    client = deal.contact
    if client is None or not (phone := client.point("phone")):
        return
    parts = client.name.split()
    name = f"{parts[-1]} {parts[0]}"
    by = Actor.person(deal.owner)
    people.create_contact(name=name, phone=phone, owner=deal.owner, by=by, now=now)


def _add_source(playbook: str) -> None:
    """The company's site, where its playbook says what becomes of forms."""
    if IntakeRule.objects.filter(playbook=playbook, kind=RequestKind.FORMS).exists():
        IntakeSource.objects.create(
            code=f"{playbook}-site", name="Сайт", playbook=playbook, kinds=[RequestKind.FORMS]
        )


def pass_with_a_promise(head: User, *, now: datetime) -> None:
    """A head lets one deal go on before its contract is there."""
    deal = Deal.objects.filter(pipeline__code="leads", stage__code="start").latest("created_at")
    pledge = Pledge(
        "Договор у юристов клиента, счёт ждут сегодня", (now + timedelta(days=5)).date()
    )
    engine.move(deal, to="invoice", by=Actor.person(head), now=now, pledge=pledge)
