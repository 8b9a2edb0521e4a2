"""The verbs of invoices: make, edit, send, settle by a payment, cancel; and what an invoice is by default."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import outgoing
from crm.models import Deal, Invoice, InvoiceKind, Payment
from crm.money.balances import Account, account_of
from pipelines import engine, fields, registry
from pipelines.actor import Actor
from pipelines.catalog import CompiledPipeline
from pipelines.errors import BadAnswer, RegulationError
from pipelines.locking import check_right_to_edit
from pipelines.transactions import verb

INVOICE_MADE = registry.event("invoice.made", label=gettext_lazy("invoice made"), icon="receipt")
INVOICE_CHANGED = registry.event(
    "invoice.changed", label=gettext_lazy("invoice changed"), icon="receipt"
)
INVOICE_SENT = registry.event("invoice.sent", label=gettext_lazy("invoice sent"), icon="receipt-2")
INVOICE_PAID = registry.event("invoice.paid", label=gettext_lazy("invoice paid"), icon="receipt-2")
INVOICE_CANCELLED = registry.event(
    "invoice.cancelled", label=gettext_lazy("invoice cancelled"), icon="receipt-off"
)
PURPOSE_LIMIT = 300
# What in a pipeline's rules speaks of invoices: where there is such a rule, deals have them.
RULES = frozenset({"offer_invoice", "make_invoice", "invoice_sent"})
LIVING = (Invoice.State.DRAFT, Invoice.State.SENT)


class InvoiceChanged(RegulationError):
    """This invoice was changed meanwhile."""

    def __init__(self) -> None:
        super().__init__(_("This invoice was changed meanwhile. Look at it again."))


def has_invoices(pipeline: CompiledPipeline) -> bool:
    """Whether deals of the pipeline have invoices; costs no query."""
    return any(
        getattr(rule.entry, "name", "") in RULES
        or any(condition.guard.name in RULES for condition in rule.conditions)
        for rule in pipeline.rules
    )


def kinds_of(deal: Deal, pipeline: CompiledPipeline) -> list[InvoiceKind]:
    """The kinds that fit the deal, those made for what it holds first."""
    fitting = [
        kind
        for kind in InvoiceKind.objects.filter(playbook=pipeline.playbook)
        if _fits(kind, deal, pipeline)
    ]
    return sorted(fitting, key=lambda kind: (not kind.when.keys() - {"pipeline"}, kind.position))


def _fits(kind: InvoiceKind, deal: Deal, pipeline: CompiledPipeline) -> bool:
    if kind.of not in ("package", "due") and kind.of not in pipeline.fields:
        return False
    for code, among in kind.when.items():
        value: Any = pipeline.code if code == "pipeline" else None
        if code in pipeline.fields:
            value = deal.get_value(code)
        if not set(value if isinstance(value, list) else [value]) & set(among):
            return False
    return True


@dataclass(frozen=True)
class Proposal:
    """An invoice as it would be by default."""

    amount: Decimal
    currency: str
    purpose: str


def propose(deal: Deal, kind: InvoiceKind, account: Account, *, currency: str = "") -> Proposal:
    """The kind's share of what it is of, in the currency asked, else in that of the last payment or the deal."""
    currency = currency or account.currencies[0]
    base: Any
    if kind.of == "package":
        base = account.price(currency)
    elif kind.of == "due":
        base = account.due(currency)
    else:
        # A sum of the deal is in the deal's currency, and is not converted.
        base = deal.get_value(kind.of) if currency == deal.currency else None
    amount = (Decimal(str(base or 0)) * kind.share / 100).quantize(Decimal("0.01"))
    purpose = kind.purpose or kind.name
    package = account.package.name if account.package else ""
    said = purpose.replace("{deal}", deal.name).replace("{package}", package)
    return Proposal(amount, currency, " ".join(said.split())[:PURPOSE_LIMIT])


@verb
def make_invoice(
    deal: Deal,
    *,
    kind: InvoiceKind,
    by: Actor,
    now: datetime,
    amount: Any = None,
    currency: str = "",
    purpose: str = "",
) -> Invoice:
    """Make a draft; what is not given is as the kind proposes. Errors: BadAnswer, RegulationError without the right."""
    pipeline = engine.lock(deal)
    check_right_to_edit(deal, pipeline, by)
    if not _fits(kind, deal, pipeline) or kind.playbook != pipeline.playbook:
        raise RegulationError(_("There is no such invoice for this deal."))
    proposal = propose(deal, kind, account_of(deal, pipeline), currency=currency)
    amount, purpose = _checked(
        proposal.amount if amount in (None, "") else amount, purpose or proposal.purpose
    )
    year = timezone.localdate(now).year
    invoice = Invoice.objects.create(
        playbook=pipeline.playbook,
        year=year,
        number=_next_number(pipeline.playbook, year),
        deal=deal,
        kind=kind,
        amount=amount,
        currency=proposal.currency,
        purpose=purpose,
        created_by=by.user,
        created_at=now,
    )
    _record(INVOICE_MADE, invoice, deal, by=by, now=now)
    return invoice


@verb
def edit_invoice(
    invoice: Invoice, *, amount: Any, purpose: str, revision: int, by: Actor, now: datetime
) -> Invoice:
    """Change a draft. Errors: BadAnswer, InvoiceChanged, RegulationError for one that was sent."""
    deal = _lock(invoice, by, revision)
    if invoice.state != Invoice.State.DRAFT:
        raise RegulationError(_("Only a draft can be changed."))
    amount, purpose = _checked(amount, purpose)
    if (invoice.amount, invoice.purpose) != (amount, purpose):
        invoice.amount, invoice.purpose, invoice.revision = amount, purpose, invoice.revision + 1
        invoice.save(update_fields=["amount", "purpose", "revision"])
        _record(INVOICE_CHANGED, invoice, deal, by=by, now=now)
    return invoice


@verb
def send_invoice(
    invoice: Invoice, *, by: Actor, now: datetime, to: str = "", revision: int | None = None
) -> Invoice:
    """Put the letter with the invoice into the outbox, by the kind's template; sent again, another letter goes.

    Errors: RegulationError (no address, no template, an invoice paid or cancelled), InvoiceChanged.
    """
    deal = _lock(invoice, by, revision)
    if invoice.state not in LIVING:
        raise RegulationError(_("This invoice is not to be paid any more."))
    office = outgoing.letters()
    code = invoice.kind.template if invoice.kind else ""
    template = office.templates().filter(code=code).first()
    if template is None:
        raise RegulationError(_("There is no letter template “%(code)s”.") % {"code": code})
    with speaking_of(invoice):
        subject, body = office.render(template, deal, by.user or deal.owner)
    message = office.queue_letter(
        deal=deal,
        subject=subject,
        body=body,
        by=by,
        now=now,
        to=to or None,
        template=template,
        files=template.files.all(),
    )
    invoice.mark_sent()
    invoice.message_id, invoice.sent_at, invoice.revision = message.pk, now, invoice.revision + 1
    invoice.save(update_fields=["state", "message_id", "sent_at", "revision"])
    _record(INVOICE_SENT, invoice, deal, by=by, now=now, to=message.to)
    return invoice


@verb
def cancel_invoice(
    invoice: Invoice, *, by: Actor, now: datetime, revision: int | None = None
) -> Invoice:
    """It is not to be paid. Errors: InvoiceChanged, RegulationError for one that is paid."""
    deal = _lock(invoice, by, revision)
    if invoice.state not in LIVING:
        raise RegulationError(_("This invoice is not to be paid any more."))
    invoice.cancel()
    _end(invoice, INVOICE_CANCELLED, deal, by=by, now=now)
    return invoice


def settle(payment: Payment, deal: Deal, *, by: Actor, now: datetime) -> None:
    """Mark the invoice that a payment on the (locked) deal pays.

    That is the one it names, once what named it is enough; else one of that very sum; else the oldest that the payments since it was made cover.
    """
    if payment.kind != Payment.Kind.PAYMENT:
        return
    living = Invoice.objects.select_for_update(of=("self",)).filter(deal=deal, state__in=LIVING)
    alike = living.filter(currency=payment.currency)
    if payment.invoice_id:
        named = alike.filter(pk=payment.invoice_id).first()
        found = named if named is not None and _paid_by_name(named) else None
    else:
        open_ones = list(alike.filter(state=Invoice.State.SENT).order_by("pk"))
        found = next(
            (row for row in open_ones if row.amount == payment.amount),
            next((row for row in open_ones if _covered(row)), None),
        )
    if found is None:
        return
    found.mark_paid()
    _end(found, INVOICE_PAID, deal, by=by, now=now)
    if payment.invoice_id != found.pk:
        # What covered it together covers no other one.
        covering = _since(found) if payment.amount != found.amount else Payment.objects.none()
        covering.update(invoice=found)
        payment.invoice = found
        payment.save(update_fields=["invoice"])


def _paid_by_name(invoice: Invoice) -> bool:
    """Whether what came for this very invoice is as much as it asks for."""
    named = Payment.objects.filter(deal=invoice.deal_id, currency=invoice.currency, invoice=invoice)
    return sum((item.signed for item in named), Decimal(0)) >= invoice.amount


def _covered(invoice: Invoice) -> bool:
    """Whether what came since the invoice was made, for no other invoice, is as much as it asks for."""
    return sum((item.signed for item in _since(invoice)), Decimal(0)) >= invoice.amount


def _since(invoice: Invoice) -> QuerySet[Payment]:
    return Payment.objects.filter(
        deal=invoice.deal_id,
        currency=invoice.currency,
        invoice=None,
        received_at__gte=invoice.created_at,
    )


def _end(invoice: Invoice, verb: str, deal: Deal, *, by: Actor, now: datetime) -> None:
    invoice.ended_at, invoice.revision = now, invoice.revision + 1
    invoice.save(update_fields=["state", "ended_at", "revision"])
    _record(verb, invoice, deal, by=by, now=now)


def _lock(invoice: Invoice, by: Actor, revision: int | None) -> Deal:
    """Lock the deal, then the invoice, and bring both up to date."""
    deal: Deal = invoice.deal
    pipeline = engine.lock(deal)
    check_right_to_edit(deal, pipeline, by)
    fresh = (
        Invoice.objects.select_for_update(of=("self",)).select_related("kind").get(pk=invoice.pk)
    )
    if revision is not None and fresh.revision != revision:
        raise InvoiceChanged
    invoice.__dict__.update(fresh.__dict__)
    invoice.deal = deal
    return deal


def _checked(amount: Any, purpose: str) -> tuple[Decimal, str]:
    errors = {}
    try:
        amount = fields.parse_money(amount)
        if amount <= 0:
            errors["amount"] = _("An invoice asks for more than nothing.")
    except ValueError as error:
        errors["amount"] = str(error)
    purpose = fields.storable(str(purpose or "")).strip()
    if not purpose or len(purpose) > PURPOSE_LIMIT:
        errors["purpose"] = _("Say what is to be paid for, in at most %(limit)s characters.") % {
            "limit": PURPOSE_LIMIT
        }
    if errors:
        raise BadAnswer(errors)
    return amount, purpose


# One statement: two invoices made at once wait for each other here and get two numbers.
NEXT = """
    INSERT INTO crm_invoicecounter (playbook, year, last) VALUES (%s, %s, 1)
    ON CONFLICT (playbook, year) DO UPDATE SET last = crm_invoicecounter.last + 1 RETURNING last
"""


def _next_number(playbook: str, year: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [playbook, year])
        return int(cursor.fetchone()[0])


def _record(
    verb: str, invoice: Invoice, deal: Deal, *, by: Actor, now: datetime, **more: Any
) -> None:
    data = {
        "invoice": invoice.pk,
        "number": invoice.label,
        "amount": str(invoice.amount),
        "currency": invoice.currency,
        "text": invoice.purpose,
    }
    engine.record(verb, deal=deal, by=by, now=now, data=data | more)


_spoken_of: ContextVar[Invoice | None] = ContextVar("the_invoice_spoken_of", default=None)


@contextmanager
def speaking_of(invoice: Invoice) -> Iterator[None]:
    """A letter written inside speaks of this invoice."""
    token = _spoken_of.set(invoice)
    try:
        yield
    finally:
        _spoken_of.reset(token)


def spoken_of(deal: Deal) -> Invoice | None:
    """The invoice that a letter of the deal speaks of: the one being sent, else the latest that stands."""
    given = _spoken_of.get()
    if given is not None and given.deal_id == deal.pk:
        return given
    return (
        Invoice.objects.filter(deal=deal)
        .exclude(state=Invoice.State.CANCELLED)
        .select_related("kind")
        .first()
    )
