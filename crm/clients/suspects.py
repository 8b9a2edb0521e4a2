"""Which contacts and companies may be one: the same phone, e-mail or tax number, or nearly the same name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.lookups import TrigramSimilar
from django.db.models import Count, Func, Q, TextField, Value
from django.db.models.functions import Lower
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from crm.clients import near_names
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
    named = near_names.groups(visible, _bare(model), crowd=CROWD, most=MOST)
    groups += [(gettext_lazy("nearly the same name"), "", ids) for ids in named]
    return _read(model, visible, groups)


def like(record: Client, user: User) -> list[Client]:
    """Who may be the same as the record, the likeliest first; unlike `find` it looks at its likes alone, by indexes."""
    model = type(record)
    visible = model.objects.visible_to(user)
    kind = "contact" if model is Contact else "company"
    ids: list[int] = []
    for point in record.points.all():
        if point.kind in WHYS:
            same = ContactPoint.objects.filter(kind=point.kind, value=point.value)
            theirs = list(
                same.filter(**{f"{kind}__in": visible.values("pk")}).values_list(kind, flat=True)
            )
            ids += theirs if len(theirs) <= CROWD else []
    if isinstance(record, Company) and record.tax_id:
        ids += visible.filter(tax_id=record.tax_id).values_list("pk", flat=True)
    near = Q(pk=record.pk) | Q(TrigramSimilar(Lower("name"), record.name.lower()))
    names = dict(visible.filter(near).annotate(bare=_bare(model)).values_list("pk", "bare"))
    if own := names.get(record.pk):
        slips = [pk for pk, name in names.items() if near_names.is_slip(own, name)]
        ids += [pk for pk, name in names.items() if name == own] + slips
    order = [pk for pk in dict.fromkeys(ids) if pk != record.pk][:MOST]
    related = ["owner", "company"] if model is Contact else ["owner"]
    found = visible.select_related(*related).prefetch_related("points").in_bulk(order)
    return [found[pk] for pk in order]


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
