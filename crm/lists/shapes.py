"""What a list is made of: its records, its fields by type, and the columns it shows at first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import visibility
from crm.clients import fields as client_fields
from crm.models import Company, Contact, CustomList, ListItem, User
from pipelines.compiled import CompiledField


def _column(code: str, label: str | Promise, type: str) -> CompiledField:
    return CompiledField(code, label, type, {}, built_in=True)


# What is no column of the record itself: found by its points, its links, its deals.
PHONE = _column("phone", gettext_lazy("Phone"), "phone")
EMAIL = _column("email", gettext_lazy("E-mail"), "email")
COMPANY = _column("company", gettext_lazy("Company"), "company")
OWNER = _column("owner", gettext_lazy("Responsible"), "person")
CREATED = _column("created_at", gettext_lazy("Known since"), "moment")
ADDED = _column("created_at", gettext_lazy("Added"), "moment")
OPEN_DEALS = _column("open_deals", gettext_lazy("Open deals"), "open_deals")
ITEM_NAME = _column("name", gettext_lazy("Name"), "text")

MODELS: dict[str, Any] = {"contact": Contact, "company": Company}


@dataclass(frozen=True)
class Shape:
    """One list as a person sees it."""

    # `contact`, `company`, or `list-<code>`; what the address of an import and of an export says.
    code: str
    title: str
    icon: str
    url: str
    fields: Mapping[str, CompiledField]
    at_first: tuple[str, ...]
    required: frozenset[str] = frozenset({"name"})
    # Of an own list.
    own: CustomList | None = None

    @property
    def kind(self) -> str:
        """`contact`, `company` or `item`: the name of a record's page."""
        return "item" if self.own else self.code

    @property
    def one_url(self) -> str:
        """The beginning of a record's address."""
        return reverse(f"crm:{self.kind}", args=[0]).removesuffix("0/")

    def records(self, user: User, *, archived: bool = False) -> QuerySet[Any]:
        """Those that the user sees, or those of them in the archive, with nothing narrowed."""
        model: Any = ListItem if self.own is not None else MODELS[self.code]
        found: QuerySet[Any] = (
            model.objects.archived_of(user) if archived else model.objects.visible_to(user)
        )
        return found if self.own is None else found.filter(list=self.own)

    def may_add(self, user: User) -> bool:
        return self.own is None or self.own.may_edit(user)


def of_clients(kind: str, user: User) -> Shape:
    """Contacts or companies, with what the regulations that the user works by add to them."""
    model = MODELS[kind]
    fields: dict[str, CompiledField] = {}
    for item in client_fields.COLUMNS[model]:
        fields[item.code] = item
        if item.code == "name":
            fields |= {"phone": PHONE, "email": EMAIL}
            if kind == "contact":
                fields["company"] = COMPANY
    fields |= {"owner": OWNER, "open_deals": OPEN_DEALS, "created_at": CREATED}
    for pipeline in visibility.pipelines_of(user):
        for code, item in pipeline.fields.items():
            if item.record == kind and item.type not in ("evidence", "control"):
                fields.setdefault(code, item)
    shown = {
        "contact": ("name", "phone", "email", "company", "owner", "open_deals"),
        "company": ("name", "phone", "email", "tax_id", "owner", "open_deals"),
    }
    return Shape(
        code=kind,
        title=_("Contacts") if kind == "contact" else _("Companies"),
        icon="address-book" if kind == "contact" else "building",
        url=reverse("crm:contacts" if kind == "contact" else "crm:companies"),
        fields=fields,
        at_first=shown[kind],
    )


def of_list(own: CustomList) -> Shape:
    """An own list; its fields cost one statement."""
    rows = list(own.fields.all())
    fields = {"name": ITEM_NAME} | {row.code: row.compiled() for row in rows}
    fields |= {"owner": OWNER, "created_at": ADDED}
    return Shape(
        code=own.place,
        title=own.name,
        icon=own.icon,
        url=own.get_absolute_url(),
        fields=fields,
        at_first=("name", *(row.code for row in rows if row.in_table), "owner"),
        required=frozenset({"name", *(row.code for row in rows if row.required)}),
        own=own,
    )


def named(code: str, user: User) -> Shape | None:
    """The list with this code, if the user may read it."""
    if code in MODELS:
        return of_clients(code, user)
    slug = code.removeprefix("list-")
    own = CustomList.objects.visible_to(user).filter(code=slug).first() if slug != code else None
    return of_list(own) if own else None


@dataclass(frozen=True)
class Choice:
    """One of the lists to choose from, at the top left of each."""

    code: str
    title: str
    icon: str
    url: str


def choices(user: User) -> list[Choice]:
    """Contacts, companies, and the own lists that the user reads; one statement."""
    return [
        Choice("contact", _("Contacts"), "address-book", reverse("crm:contacts")),
        Choice("company", _("Companies"), "building", reverse("crm:companies")),
        *(
            Choice(own.place, own.name, own.icon, own.get_absolute_url())
            for own in CustomList.objects.visible_to(user)
        ),
    ]
