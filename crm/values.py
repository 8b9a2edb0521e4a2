"""A deal's values by field code: built-in columns and the fields that the regulation adds, read and written alike."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipelines import catalog, fields, registry
from pipelines.actor import Actor
from pipelines.catalog import CompiledField
from pipelines.errors import BadAnswer

NAME_LIMIT = 255

registry.built_in("name", label=gettext_lazy("Name"), type="text")
registry.built_in("budget", label=gettext_lazy("Budget"), type="money")
registry.built_in(
    "created_at", label=gettext_lazy("Date of creation"), type="datetime", read_only=True
)


class DealValues:
    """The half of `Deal` that rules speak to: `get_value`, `fill`, and the in-memory state of the instance."""

    pk: int
    pipeline_id: int
    values: dict[str, Any]
    budget: Decimal
    name: str
    contact: Any
    company: Any
    arrival: str

    def get_value(self, code: str) -> Any:
        """The stored value of a field of the deal, or of its contact or company (`contact.…`, `company.…`)."""
        if code in registry.built_ins:
            return getattr(self, code)
        record, dot, own = code.partition(".")
        if dot and record in ("contact", "company"):
            related = getattr(self, record)
            return related.values.get(own) if related else None
        return self.values.get(code)

    def fill(self, answers: dict[str, Any], *, by: Actor, now: datetime) -> dict[str, list[Any]]:
        """Set fields from what was typed; returns {code: [before, after]} of those that changed, unsaved.

        Values of the contact and company are saved at once (they are rows of their own).
        Errors: BadAnswer with a sentence a field, nothing set.
        """
        known = catalog.pipeline(self.pipeline_id).fields
        cleaned, errors = {}, {}
        for code, raw in answers.items():
            try:
                cleaned[code] = self._clean(known, code, raw)
            except ValueError as error:
                errors[code] = str(error)
        if errors:
            raise BadAnswer(errors)
        if "name" in cleaned and by.is_person and (self.pk or self.arrival == "hand"):
            cleaned["name"] = self._as_asked(cleaned["name"])
        changes = {}
        for code, value in cleaned.items():
            before, after = (
                self.get_value(code),
                _signed(known[code], self.get_value(code), value, by=by, now=now),
            )
            if before != after:
                self._set(code, after)
                changes[code] = [_plain(before), _plain(after)]
        return changes

    def _as_asked(self, name: str) -> str:
        """The name of the deal with what can safely be put right (AX-N1)."""
        from crm.names import naming_rules

        pipeline = catalog.pipeline(self.pipeline_id)
        return naming_rules.corrected("deal", name, pipeline, before=self.name)

    def _clean(self, known: Any, code: str, raw: Any) -> Any:
        if code not in known:
            raise ValueError(_("There is no field “%(code)s” here.") % {"code": code[:60]})
        field = known[code]
        if code in registry.built_ins and registry.built_ins[code].read_only:
            raise ValueError(_("The system fills this in; it can't be changed."))
        if code == "budget":
            return (
                fields.parse_money(raw)
                if str(raw if raw is not None else "").strip()
                else Decimal(0)
            )
        value = fields.clean(field, raw)
        if field.record != "deal" and getattr(self, field.record) is None:
            raise ValueError(_("The deal has no such contact or company yet."))
        if code == "name":
            if not value:
                raise ValueError(_("A deal needs a name."))
            if len(value) > NAME_LIMIT:
                raise ValueError(_("At most %(limit)s characters.") % {"limit": NAME_LIMIT})
        if field.type == "evidence" and value is not None:
            self._check_entry(value)
        return value

    def _check_entry(self, event_id: int) -> None:
        from pipelines.models import Event

        if not Event.objects.filter(pk=event_id, deal=self.pk).exists():
            raise ValueError(_("Choose an entry of this deal's feed."))

    def _set(self, code: str, value: Any) -> None:
        if code in registry.built_ins:
            setattr(self, code, value)
            return
        record, dot, own = code.partition(".")
        if dot and record in ("contact", "company"):
            related = getattr(self, record)
            related.values = _with(related.values, own, value)
            related.save(update_fields=["values"])
            return
        self.values = _with(self.values, code, value)

    def put_back(self, values: dict[str, Any]) -> None:
        """Set stored values as an earlier `fill` reported them, unasked; those of a contact or company are saved at once."""
        for code, value in values.items():
            self._set(code, Decimal(value) if code == "budget" else value)

    @property
    def filled_columns(self) -> list[str]:
        """The columns that `fill` may have changed."""
        own = registry.built_ins.values()
        return ["values", *(item.code for item in own if not item.read_only)]

    def snapshot(self) -> dict[str, Any]:
        """The columns that `fill` may change, to be given back to `restore` if the move is refused."""
        return {column: getattr(self, column) for column in self.filled_columns}

    def restore(self, snapshot: dict[str, Any]) -> None:
        for column, value in snapshot.items():
            setattr(self, column, value)
        for record in ("contact", "company"):
            self._state.fields_cache.pop(record, None)  # type: ignore[attr-defined]

    def become(self, other: Any) -> None:
        """Take over the state of a freshly read instance of the same row."""
        self.__dict__.clear()
        self.__dict__.update(other.__dict__)

    def reload(self) -> None:
        """Read the row again, after a savepoint that changed it was rolled back."""
        self.become(type(self)._base_manager.get(pk=self.pk))  # type: ignore[attr-defined]


def _signed(field: CompiledField, before: Any, value: Any, *, by: Actor, now: datetime) -> Any:
    """A control's tick becomes «who and when»; one that stands already keeps its first signature."""
    if field.type != "control" or value is not True:
        return value
    return before or {
        "by": by.user_id,
        "name": str(by.user or _("the system")),
        "at": now.isoformat(),
    }


def _with(values: dict[str, Any], code: str, value: Any) -> dict[str, Any]:
    """A copy with the value set, or without the code when it is empty: `fill` may yet be taken back."""
    rest = {key: kept for key, kept in values.items() if key != code}
    return rest if value is None else rest | {code: value}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value
