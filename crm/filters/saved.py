"""Filters kept under a name: made, changed, shared, put in order, and one of them where a list opens.

`place` is the list's name: `deals`, `tasks`, `contact`, `company`, `list-<code>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.http import QueryDict
from django.utils.translation import gettext as _

from crm import preferences, rights
from crm.filters.asking import Pairs
from crm.models import SavedFilter, Team, User
from crm.models.saved_filter import teams_of
from pipelines.errors import BadAnswer

# What a filter is shared with beside a team's number: nobody, or everybody.
ALONE, EVERYBODY = "", "everybody"
NAME_LIMIT = 60
# A menu that nobody reads to its end helps nobody.
MOST = 100
DEALS = "deals"


def of(user: User) -> list[SavedFilter]:
    """Of all lists: his own in his order, then those shared with him."""
    found = SavedFilter.objects.visible_to(user).select_related("owner", "shared_with_team")
    return sorted(found, key=lambda item: (item.owner_id != user.pk, item.position, item.pk))


def find(user: User, place: str, pk: int) -> SavedFilter | None:
    return SavedFilter.objects.visible_to(user).filter(list=place, pk=pk).first()


def teams_for(user: User) -> Sequence[Team]:
    """The teams one may share with: one's own and those one heads; an administrator with any."""
    if not user.may(rights.SHARE):
        return ()
    teams = Team.objects.all()
    return list(teams if user.is_crm_admin else teams.filter(pk__in=teams_of(user)))


def save(
    *, owner: User, place: str, name: str, query: str, pipeline: str = "", share: str = ALONE
) -> SavedFilter:
    """A new filter, after his others of the list. `share` is `ALONE`, `EVERYBODY` or a team's number; `pipeline` a code.

    Errors: BadAnswer at `name` or `share`; PermissionDenied where sharing is asked for without the right.
    """
    facts = {"name": _name(name), **_shared(owner, share)}
    mine = SavedFilter.objects.filter(owner=owner, list=place)
    if mine.count() >= MOST:
        raise BadAnswer(
            {
                "name": _("You have %(most)s filters of this list already: remove one.")
                % {"most": MOST}
            }
        )
    last = mine.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    made = SavedFilter(
        owner=owner, list=place, pipeline=pipeline, query=query, position=position, **facts
    )
    _write(made)
    return made


def change(
    saved: SavedFilter,
    *,
    name: str,
    share: str,
    pipeline: str | None = None,
    query: str | None = None,
) -> None:
    """Give one's own filter another name or other people to see it; with `query`, another question.

    Errors: as of `save`.
    """
    # Who has lost the right to share keeps what he shared, but shares nothing else.
    shared = {} if share == share_of(saved) else _shared(saved.owner, share)
    for column, value in {"name": _name(name), **shared}.items():
        setattr(saved, column, value)
    if query is not None:
        saved.query, saved.pipeline = query, pipeline or ""
    _write(saved)


def remove(saved: SavedFilter) -> None:
    saved.delete()


@transaction.atomic
def order(owner: User, place: str, numbers: Iterable[int]) -> None:
    """One's own filters of a list in this order; those not named keep theirs behind."""
    own = SavedFilter.objects.filter(owner=owner, list=place)
    mine = {item.pk: item for item in own.select_for_update()}
    named = [mine.pop(pk) for pk in dict.fromkeys(numbers) if pk in mine]
    for position, item in enumerate([*named, *mine.values()]):
        item.position = position
    SavedFilter.objects.bulk_update([*named, *mine.values()], ["position"])


def open_with(user: User, place: str, saved: SavedFilter | None) -> None:
    """The filter under which the list opens for the user; None: as usual."""
    preferences.put(user, _default(place), saved.pk if saved else None)


def default_of(user: User, place: str) -> int | None:
    """The number of the filter that the user chose to open with, whether or not it is still there."""
    kept = preferences.get(user, _default(place))
    return kept if isinstance(kept, int) and not isinstance(kept, bool) else None


def opened_with(user: User, place: str) -> SavedFilter | None:
    """No statement where nothing was chosen; nothing where it has gone or is no longer shared."""
    kept = default_of(user, place)
    return None if kept is None else find(user, place, kept)


def stated(user: User, place: str, pairs: Pairs) -> Pairs:
    """The parameters of an address; an empty one would open with the filter chosen for that, so «none» is said."""
    return pairs or ([("saved", "")] if default_of(user, place) is not None else [])


def share_of(saved: SavedFilter) -> str:
    """With whom it is shared, as `save` is told."""
    if saved.shared_with_everybody:
        return EVERYBODY
    return str(saved.shared_with_team_id or ALONE)


def params_of(saved: SavedFilter) -> QueryDict:
    """What its address asks: the question, of deals its pipeline, and itself."""
    asked = QueryDict(saved.query, mutable=True)
    if saved.list == DEALS:
        asked["pipeline"] = saved.pipeline or "all"
    asked["saved"] = str(saved.pk)
    return asked


def _default(place: str) -> str:
    return f"{place}.filter"


def _name(text: str) -> str:
    name = " ".join(text.replace("\x00", "").split())
    if not name:
        raise BadAnswer({"name": _("Give the filter a name.")})
    if len(name) > NAME_LIMIT:
        raise BadAnswer({"name": _("At most %(limit)s characters.") % {"limit": NAME_LIMIT}})
    return name


def _shared(owner: User, share: str) -> dict[str, Any]:
    if share == ALONE:
        return {"shared_with_team": None, "shared_with_everybody": False}
    rights.need(owner, rights.SHARE)
    if share == EVERYBODY:
        return {"shared_with_team": None, "shared_with_everybody": True}
    for team in teams_for(owner):
        if str(team.pk) == share:
            return {"shared_with_team": team, "shared_with_everybody": False}
    raise BadAnswer({"share": _("Choose a team of yours.")})


def _write(saved: SavedFilter) -> None:
    try:
        with transaction.atomic():
            saved.save()
    except IntegrityError as error:
        if "one_saved_filter_a_name" not in str(error):
            raise
        raise BadAnswer({"name": _("You have a filter of this name already.")}) from error
