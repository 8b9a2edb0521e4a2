"""Whose rules about names apply to a record, and what they make of its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from crm.models import Company, Contact, Deal, NamingRule
from crm.names import naming
from pipelines import catalog
from pipelines.catalog import CompiledPipeline

_known: dict[int, tuple[UUID, Mapping[str, naming.Rules]]] = {}


@dataclass(frozen=True)
class Hints:
    """What the card says about a name: of which record, and what could be better."""

    record: str
    pk: int
    checked: naming.Checked


def rules_of(pipeline: CompiledPipeline) -> Mapping[str, naming.Rules]:
    """The rules of the pipeline's playbook by record; read once for each state of the pipeline."""
    stamp, rules = _known.get(pipeline.id, (None, {}))
    if stamp != pipeline.stamp:
        rows = NamingRule.objects.filter(playbook=pipeline.playbook)
        rules = {row.record: row.rules for row in rows}
        _known[pipeline.id] = (pipeline.stamp, rules)
    return rules


def check(
    record: str, name: str, pipeline: CompiledPipeline | None, *, statutory: bool = False
) -> naming.Checked:
    """What the pipeline's company makes of the name; nothing where there is no pipeline to ask."""
    rules = rules_of(pipeline).get(record) if pipeline else None
    return naming.check(record, name, rules, statutory=statutory)


def corrected(
    record: str, name: str, pipeline: CompiledPipeline | None, *, before: str = ""
) -> str:
    """The name as typed by hand with what can safely be put right; one left as it was stays (AX-N2.3)."""
    if " ".join(name.split()) == before:
        return name
    return check(record, name, pipeline).name


def pipeline_of(record: Contact | Company) -> CompiledPipeline | None:
    """Where the record's newest deal is; without deals the only playbook, if the installation has one."""
    link = Q(contact=record) if isinstance(record, Contact) else Q(company=record)
    deal = Deal.objects.filter(link, pipeline__is_active=True).order_by("-pk").first()
    if deal is not None:
        return catalog.pipeline(deal.pipeline_id)
    known = catalog.pipelines()
    return known[0] if len({pipeline.playbook for pipeline in known}) == 1 else None


def hints(
    record: Deal | Contact | Company,
    pipeline: CompiledPipeline | None,
    *,
    is_automatic: bool = False,
) -> Hints | None:
    """What there is to say about the name of a stored record, if anything; what is safe is only offered here.

    Of a contact that came by itself the name stays until the real one is known (AX-N2.3): no complaints.
    """
    if pipeline is None or not (rules := rules_of(pipeline).get(kind := kind_of(record))):
        return None
    statutory = bool(getattr(record, "name_is_statutory", False))
    found = naming.check(kind, record.name, rules, statutory=statutory)
    offered = found.suggestions
    if not offered and (tidier := naming.tidier(kind, record.name, rules, statutory=statutory)):
        offered = (tidier,)
    complaints = () if is_automatic and kind == naming.CONTACT else found.complaints
    said = naming.Checked(record.name, offered, complaints)
    return None if said.is_right else Hints(kind, record.pk, said)


def hints_of(deal: Deal, pipeline: CompiledPipeline) -> dict[str, Hints | None]:
    """What there is to say about the names of the deal, its contact and its company, by record."""
    is_automatic = deal.arrival != Deal.Arrival.HAND
    linked = {naming.DEAL: deal, naming.CONTACT: deal.contact, naming.COMPANY: deal.company}
    return {
        record: hints(row, pipeline, is_automatic=is_automatic) if row else None
        for record, row in linked.items()
    }


def kind_of(record: Deal | Contact | Company) -> str:
    if isinstance(record, Deal):
        return naming.DEAL
    return naming.CONTACT if isinstance(record, Contact) else naming.COMPANY
