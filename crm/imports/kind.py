"""The batch that carries an import out, row by row, by the verbs that the pages use, and takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import deals, rights, visibility
from crm.batches import kinds
from crm.clients import fields as client_fields
from crm.clients import people
from crm.imports import filling, known, targets, undoing
from crm.imports.known import Key
from crm.imports.targets import DEAL, Target
from crm.intake import duplicates, policies
from crm.lists import items
from crm.models import Batch, BatchRow, Company, Contact, Deal, Import, User
from pipelines.actor import Actor
from pipelines.catalog import CompiledPipeline
from pipelines.errors import BadAnswer, RegulationError


@dataclass
class Chunk:
    """What the rows of a chunk share: read once, and kept up as rows are made."""

    target: Target | None
    owners: dict[int, User]
    known: dict[Key, int] = field(default_factory=dict)
    # The clients that the rows name: contacts by their points, companies by tax number and by name.
    contacts: dict[Key, Contact] = field(default_factory=dict)
    companies: dict[Key, Company] = field(default_factory=dict)
    # Made by the row under way: the rows below know them once it is done, for a refused row is taken back whole.
    made: list[tuple[dict[Key, Any], Key, Any]] = field(default_factory=list)
    # The pipeline whose rules about clients hold.
    careful: CompiledPipeline | None = None


@kinds.kind("import", label=gettext_lazy("Import"), right=rights.IMPORT)
class ImportKind(kinds.Kind):
    chunk = 200
    gathers = True

    def load(self, rows: Sequence[BatchRow], batch: Batch, *, by: Actor) -> None:
        """The target, the people and the records known already are the same for the whole chunk."""
        # Chunks of one import come one after the other: two at once would each make the company that both name.
        duplicates.lock(duplicates.Keys(), f"import:{batch.pk}")
        params = batch.params
        target = targets.find(params["target"], by.user, stage_id=params.get("stage"))
        if batch.state == Batch.State.UNDOING:
            made = undoing.read(target, rows, by=by)
            for row in rows:
                row.subject = made
            return
        wanted = {row.payload["values"].get("owner") for row in rows} | {params.get("owner")}
        owners = {user.pk: user for user in User.objects.filter(pk__in=wanted - {None})}
        chunk = Chunk(target, owners)
        if target is not None:
            self._find_known(chunk, target, [row.payload["values"] for row in rows], by.user)
            own = visibility.pipelines_of(by.user)
            chunk.careful = target.pipeline or next(filter(policies.one_manager, own), None)
        for row in rows:
            row.subject = chunk

    def _find_known(
        self, chunk: Chunk, target: Target, values: list[dict[str, Any]], user: User
    ) -> None:
        """A statement or two for the chunk: asked row by row they would be nine tenths of an import's time."""
        keys = {key for one in values for key in known.keys_of(target, one)}
        chunk.known = known.find(target, keys)
        if target.kind == DEAL:
            points = {key for one in values for key in _points(one)}
            numbers = {("tax", one["tax_id"]) for one in values if one.get("tax_id")}
            chunk.contacts = _instances(Contact, known.find_clients("contact", points))
            chunk.companies = _instances(Company, known.find_clients("company", numbers))
        if target.kind in (DEAL, "contact"):
            code = "company_name" if target.kind == DEAL else "company"
            words = {one[code].casefold() for one in values if one.get(code)}
            if words:
                named = Company.objects.visible_to(user).annotate(word=Lower("name"))
                for firm in named.filter(word__in=words).order_by("-pk"):
                    chunk.companies["name", firm.name.casefold()] = firm

    def do(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> dict[str, Any]:
        chunk: Chunk = row.subject
        if chunk.target is None:
            raise RegulationError(_("You may no longer import into this list."))
        values = dict(row.payload["values"])
        owner = chunk.owners.get(values.pop("owner", None) or batch.params["owner"])
        keys = known.keys_of(chunk.target, values)
        same = known.first(keys, chunk.known)
        policy = batch.params["known"]
        if same is not None and policy == Import.Known.SKIP:
            raise RegulationError(_("Known already: № %(number)s.") % {"number": same})
        if same is not None and policy == Import.Known.FILL:
            return self._fill(row, chunk.target, same, values, by=by, now=now)
        chunk.made.clear()
        try:
            record, more = self._make(chunk, chunk.target, values, owner, by=by, now=now)
        except BadAnswer as error:
            raise RegulationError("; ".join(map(str, error.errors.values()))) from error
        row.record, row.record_id = _model_name(record), record.pk
        row.name = str(record)[:300]
        for key in keys:
            chunk.known.setdefault(key, record.pk)
        for records, key, client in chunk.made:
            records.setdefault(key, client)
        return {"made": more}

    def _fill(
        self,
        row: BatchRow,
        target: Target,
        pk: int,
        values: dict[str, Any],
        *,
        by: Actor,
        now: datetime,
    ) -> dict[str, Any]:
        record = undoing.MODELS[target.kind].objects.visible_to(by.user).filter(pk=pk).first()
        if record is None:
            raise RegulationError(_("Known already, and not yours to change."))
        row.record, row.record_id, row.name = _model_name(record), pk, str(record)[:300]
        try:
            return {"filled": filling.fill(target, record, values, by=by, now=now)}
        except BadAnswer as error:
            raise RegulationError("; ".join(map(str, error.errors.values()))) from error

    def _make(
        self,
        chunk: Chunk,
        target: Target,
        values: dict[str, Any],
        owner: User | None,
        *,
        by: Actor,
        now: datetime,
    ) -> tuple[Any, list[list[Any]]]:
        """The record, and what was made along with it, as [[model, id], …]."""
        if target.kind == DEAL:
            return _make_deal(chunk, target, values, owner or by.user, by=by, now=now)
        if target.shape and target.shape.own:
            item = items.create_item(target.shape, values, owner=owner, by=by, now=now)
            return item, []
        return _make_client(chunk, target, values, owner, by=by, now=now)

    def undo(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> None:
        undoing.undo(row.subject, row, by=by, now=now)

    def after(self, rows: Sequence[BatchRow], batch: Batch, *, by: Actor, now: datetime) -> None:
        undoing.archive_what_came_along(rows, by=by, now=now)

    def lost(self, batch: Batch) -> list[str]:
        return [
            _(
                "What was made is archived, not deleted. Letters and messages that went out stay sent."
            ),
        ]


def _instances(model: Any, found: dict[Key, int]) -> dict[Key, Any]:
    records = model._base_manager.in_bulk(set(found.values()))
    return {key: records[pk] for key, pk in found.items() if pk in records}


def _model_name(record: Any) -> str:
    return str(record._meta.model_name)


def _points(values: dict[str, Any]) -> list[Key]:
    found = [("phone", value) for value in values.get("phone") or ()]
    return found + [("email", value) for value in values.get("email") or ()]


def _make_client(
    chunk: Chunk,
    target: Target,
    values: dict[str, Any],
    owner: User | None,
    *,
    by: Actor,
    now: datetime,
) -> tuple[Any, list[list[Any]]]:
    points = _points(values)
    columns: dict[str, Any] = {"values": {}}
    for code, value in values.items():
        if code in ("name", "phone", "email", "company", "tax_id"):
            continue
        item = target.fields[code]
        if item.built_in:
            columns[code] = value
        else:
            columns["values"][client_fields.own_code(item)] = value
    given: dict[str, Any] = {
        "name": values.get("name", ""),
        "owner": owner,
        "points": points,
        "columns": columns,
        "pipeline": chunk.careful,
        "by": by,
        "now": now,
    }
    if target.kind == "company":
        return people.create_company(tax_id=values.get("tax_id", ""), **given), []
    company, more = _company_named(chunk, values.get("company", ""), owner, by=by, now=now)
    return people.create_contact(company=company, **given), more


def _company_named(
    chunk: Chunk, name: str, owner: User | None, *, by: Actor, now: datetime, tax_id: str = ""
) -> tuple[Company | None, list[list[Any]]]:
    """The company with this tax number, or that the person sees under this name, else a new one."""
    if not (name or tax_id):
        return None, []
    key = ("tax", tax_id) if tax_id else ("name", name.casefold())
    if (found := chunk.companies.get(key)) is not None:
        return found, []
    made = people.create_company(name=name or tax_id, tax_id=tax_id, owner=owner, by=by, now=now)
    chunk.made.append((chunk.companies, key, made))
    return made, [["company", made.pk]]


def _make_deal(
    chunk: Chunk,
    target: Target,
    values: dict[str, Any],
    owner: User,
    *,
    by: Actor,
    now: datetime,
) -> tuple[Deal, list[list[Any]]]:
    assert target.pipeline is not None
    tax_id = str(values.pop("tax_id", ""))
    name_of_company = str(values.pop("company_name", ""))
    company, more = _company_named(chunk, name_of_company, owner, by=by, now=now, tax_id=tax_id)
    contact, points = None, _points(values)
    values.pop("phone", None)
    values.pop("email", None)
    name_of_contact = str(values.pop("contact_name", ""))
    same = [chunk.contacts[key] for key in points if key in chunk.contacts]
    if same:
        contact = min(same, key=lambda record: record.pk)
    if contact is None and (points or name_of_contact):
        contact = people.create_contact(
            name=name_of_contact, points=points, owner=owner, company=company, by=by, now=now
        )
        more.append(["contact", contact.pk])
        for key in points:
            chunk.made.append((chunk.contacts, key, contact))
    name = str(values.pop("name", "") or name_of_company or name_of_contact or points[0][1])
    tags = values.pop("tags", None)
    deal = deals.open_deal(
        pipeline=target.pipeline,
        stage=target.stage,
        name=name,
        owner=owner,
        contact=contact,
        company=company,
        answers=values,
        tags=tags,
        by=by,
        now=now,
    )
    return deal, more
