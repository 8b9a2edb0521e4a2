"""Which contacts and companies may be one: the same phone, e-mail or tax number, or the same name written otherwise."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Func, TextField, Value
from django.db.models.functions import Lower
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from crm.clients.fields import Client
from crm.models import Company, Contact, ContactPoint, User
from crm.names.legal_forms import LATIN, OF_PERSONS, QUOTED

# Of each kind of likeness; who has merged these sees the next.
MOST = 100
# A switchboard's number says nothing of the one who calls from it.
CROWD = 8


@dataclass(frozen=True)
class Suspicion:
    """Records that look like one, the oldest first, and what they have in common."""

    why: str | Promise
    shared: str
    records: list[Any]


def find(model: type[Contact] | type[Company], user: User) -> list[Suspicion]:
    """Those among the records that the user sees: certain likeness before that of names."""
    groups: list[tuple[str | Promise, str, list[int]]] = []
    kind = "contact" if model is Contact else "company"
    visible = model.objects.visible_to(user)
    for code, why in WHYS.items():
        points = ContactPoint.objects.filter(kind=code, **{f"{kind}__in": visible.values("pk")})
        groups += [(why, value, ids) for value, ids in _alike(points, "value", kind)]
    if model is Company:
        numbers = visible.exclude(tax_id="")
        groups += [
            (gettext_lazy("the same tax number"), value, ids)
            for value, ids in _alike(numbers, "tax_id", "pk")
        ]
    bare = visible.annotate(bare=_bare(model)).exclude(bare="")
    groups += [
        (gettext_lazy("nearly the same name"), "", ids)
        for _value, ids in _alike(bare, "bare", "pk")
    ]
    return _read(model, visible, groups)


def like(record: Client, user: User) -> list[Client]:
    """Who may be the same as the record, the likeliest first."""
    found = [
        other
        for suspicion in find(type(record), user)
        for other in suspicion.records
        if record.pk in {item.pk for item in suspicion.records} and other.pk != record.pk
    ]
    return list(dict.fromkeys(found))


WHYS: dict[str, str | Promise] = {
    ContactPoint.Kind.PHONE: gettext_lazy("the same phone"),
    ContactPoint.Kind.EMAIL: gettext_lazy("the same e-mail"),
}


def _alike(rows: Any, column: str, key: str) -> list[tuple[str, list[int]]]:
    """(value, ids) of the values that several records share, the newest first."""
    repeated = (
        rows.order_by()
        .values(column)
        .annotate(number=Count(key, distinct=True))
        .filter(number__gt=1, number__lte=CROWD)
        .order_by(column)
        .values_list(column, flat=True)[:MOST]
    )
    found: dict[str, list[int]] = defaultdict(list)
    values = list(repeated)
    for value, pk in (
        rows.filter(**{f"{column}__in": values}).order_by(key).values_list(column, key)
    ):
        if pk not in found[value]:
            found[value].append(pk)
    return list(found.items())


def _read(
    model: Any, visible: Any, groups: list[tuple[str | Promise, str, list[int]]]
) -> list[Suspicion]:
    """The records of the groups in one query; a group that an earlier one holds whole says nothing new."""
    ids = {pk for _why, _shared, group in groups for pk in group}
    related = ["owner", "company"] if model is Contact else ["owner"]
    records = visible.select_related(*related).prefetch_related("points").in_bulk(ids)
    seen: list[set[int]] = []
    found = []
    for why, shared, group in groups:
        if any(set(group) <= earlier for earlier in seen):
            continue
        seen.append(set(group))
        found.append(Suspicion(why, shared, [records[pk] for pk in sorted(group) if pk in records]))
    return found


def _bare(model: Any) -> Any:
    """The name without what two people write differently: capitals, ё, signs, the order of words, the legal form."""
    plain = Func(Lower("name"), Value("ё"), Value("е"), function="translate")
    if model is Company:
        forms = "|".join(sorted(form.lower() for form in QUOTED | OF_PERSONS | LATIN))
        plain = _replaced(plain, rf"\y({forms})\y", "")
    return Func(
        _replaced(plain, r"[^[:alnum:]]+", " "),
        template=(
            "(SELECT coalesce(string_agg(word, ' ' ORDER BY word), '')"
            " FROM regexp_split_to_table(trim(%(expressions)s), ' ') AS word)"
        ),
        output_field=TextField(),
    )


def _replaced(expression: Any, pattern: str, by: str) -> Any:
    return Func(
        expression,
        Value(pattern),
        Value(by),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )
