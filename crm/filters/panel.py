"""How a filter looks: its panel in groups, and the conditions that hold as chips above the list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm import periods
from crm.filters import saved as keeping
from crm.filters.asking import FROM, TO, AnyOf, AnyRow, Condition, Pairs
from crm.filters.base import Filter
from crm.models import SavedFilter
from pipelines.numbers import whole


@dataclass
class Input:
    """One condition of the form, with what was typed into it."""

    condition: Condition
    error: str
    # Of a list: its codes and labels. Of days: the words of periods.
    choices: Iterable[tuple[str, Any]] = ()
    ticked: list[str] = field(default_factory=list)
    text: str = ""
    low: str = ""
    high: str = ""

    @property
    def said(self) -> str:
        """What a closed list shows."""
        labels = dict(self.choices)
        return ", ".join(str(labels.get(code, code)) for code in self.ticked)


@dataclass
class Group:
    title: str
    inputs: list[Input] = field(default_factory=list)


@dataclass(frozen=True)
class Above:
    """What stands above the list: chips, what was not understood, and the saved filter that this is."""

    place: str
    chips: list[Any]
    # The address without any condition; a chip's `without` is put behind it.
    base: str
    clear: str
    gone: list[str]
    is_active: bool
    is_bad: bool
    saved: SavedFilter | None
    is_changed: bool
    is_own: bool
    save_url: str
    panel_url: str
    # The page with its panel open, for who has no scripts.
    open_url: str
    menu_url: str


def above(asked: Filter, *, place: str, kept: Pairs, here: str, saved_pk: str = "") -> Above:
    """`kept` is what the address says beside conditions, `here` the name of the page; one statement for a saved filter."""
    user = asked.user
    number = whole(saved_pk)
    saved = None if number is None else keeping.find(user, place, number)
    plain = keeping.stated(user, place, kept)
    around = [*kept, ("saved", saved_pk)] if saved else plain
    query, pairs = asked.query(), asked.pairs()
    elsewhere = urlencode([*around, ("here", here), *pairs])
    return Above(
        place=place,
        chips=asked.chips(),
        base=f"?{urlencode(around)}&" if around else "?",
        clear=f"?{urlencode(plain)}",
        gone=asked.gone,
        is_active=asked.is_active,
        is_bad=bool(asked.errors),
        saved=saved,
        is_changed=saved is not None and saved.query != query,
        is_own=saved is not None and saved.owner_id == user.pk,
        save_url=f"{reverse('crm:filter_new', args=[place])}?{elsewhere}",
        panel_url=f"{reverse('crm:filter_panel', args=[place])}?{elsewhere}",
        open_url=f"?{urlencode([*around, *pairs, ('filters', 'open')])}",
        menu_url=f"{reverse('crm:filters', args=[place])}?{urlencode({'here': here, 'saved': saved_pk})}",
    )


def render(asked: Filter, *, place: str, action: str, kept: Pairs) -> SafeString:
    """The panel; what it offers costs a statement for people and one for tags."""
    groups, rest = _groups(asked)
    plain = [pair for pair in kept if pair[0] != "saved"]
    context = {
        "groups": groups,
        "rest": rest,
        "rest_is_open": any(_is_filled(item) for group in rest for item in group.inputs),
        "action": action,
        "kept": kept,
        "close": f"{action}?{urlencode(keeping.stated(asked.user, place, [*kept, *asked.pairs()]))}",
        "clear": f"{action}?{urlencode(keeping.stated(asked.user, place, plain))}",
        "hidden": [
            pair
            for name in asked.asked
            if asked.conditions[name].kind == "hidden"
            for pair in asked.conditions[name].pairs(asked.asked[name])
        ],
    }
    return SafeString(render_to_string("crm/filter_panel.html", context))


def _groups(asked: Filter) -> tuple[list[Group], list[Group]]:
    """What is shown at once, and what one unfolds."""
    common: dict[str, Group] = {}
    rest: dict[str, Group] = {}
    for condition in asked.conditions.values():
        if condition.kind == "hidden":
            continue
        if condition.is_common:
            title = condition.group if not condition.name.startswith("f-") else _("Fields")
            common.setdefault(title, Group(title)).inputs.append(_input(asked, condition))
        elif asked.has_rest or condition.name in asked.asked:
            title = condition.group or _("Other")
            rest.setdefault(title, Group(title)).inputs.append(_input(asked, condition))
    return list(common.values()), list(rest.values())


def _input(asked: Filter, condition: Condition) -> Input:
    """What was understood as it is kept; what was not, as it was typed."""
    name, error = condition.name, asked.errors.get(condition.name, "")
    found = Input(condition, error)
    pairs = (
        condition.pairs(asked.asked[name])
        if name in asked.asked
        else [(part, text) for part in condition.names for text in asked.typed(part)]
    )
    values = dict(pairs)
    match condition.kind:
        case "choices":
            assert isinstance(condition, AnyOf)
            offered = condition.offered if isinstance(condition, AnyRow) else condition.choices
            found.ticked = [text for _name, text in pairs]
            found.choices = list(offered.items())
        case "days":
            found.choices = periods.CHOICES
            found.text = values.get(name, "")
            if not periods.word(found.text):
                # Two dates, or nonsense: the boxes show the dates, the sentence under them says what was wrong.
                low, _dots, high = found.text.partition(periods.BETWEEN)
                found.text = ""
                found.low = low or values.get(name + FROM, "")
                found.high = high or values.get(name + TO, "")
        case "range":
            found.low, found.high = (values.get(part, "") for part in condition.names)
        case _:
            found.text = values.get(name, "")
    return found


def _is_filled(item: Input) -> bool:
    return bool(item.error or item.ticked or item.text or item.low or item.high)
