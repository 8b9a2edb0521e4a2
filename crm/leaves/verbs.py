"""Entering a leave with its deputy, and ending it before its time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Leave, User
from crm.notices import kind, notify
from pipelines import engine, registry
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, RegulationError
from pipelines.transactions import verb

LEAVE_ENTERED = registry.event("leave.entered", label=gettext_lazy("leave entered"), icon="beach")
LEAVE_ENDED = registry.event(
    "leave.ended", label=gettext_lazy("leave ended early"), icon="beach-off"
)
DEPUTY = kind("leave.deputy", gettext_lazy("I stand in for somebody"), icon="beach", mail=True)

LONGEST = timedelta(days=366)


@verb
def enter_leave(
    *, user: User, first_day: date, last_day: date, deputy: User, by: Actor, now: datetime
) -> Leave:
    """Say that a person is away from one day to another, both of them in it, and who stands in for him.

    Nobody stands in who is away himself, and nobody goes who stands in for somebody: so no work passes through two
    hands or in a circle. Errors: BadAnswer, RegulationError for whom it does not concern.
    """
    _check_right(user, by)
    zone = ZoneInfo(user.time_zone)
    _check_days(first_day, last_day, today=timezone.localdate(now, zone))
    if deputy.pk == user.pk or not deputy.is_active:
        raise BadAnswer({"deputy": _("Choose a colleague who works here.")})
    starts_at = datetime.combine(first_day, time(), zone)
    ends_at = datetime.combine(last_day + timedelta(days=1), time(), zone)
    # Two leaves that would name each other's people wait for one another here.
    people = User.objects.filter(pk__in=[user.pk, deputy.pk]).order_by("pk")
    list(people.select_for_update(no_key=True).values_list("pk"))
    _check_chain(user, deputy, starts_at, ends_at)
    leave = Leave.objects.create(
        user=user,
        deputy=deputy,
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=by.user,
        created_at=now,
    )
    facts = {"user": str(user), "deputy": str(deputy), "text": str(leave)}
    engine.record(LEAVE_ENTERED, by=by, now=now, data=facts)
    return leave


@verb
def end_leave(leave: Leave, *, by: Actor, now: datetime) -> Leave:
    """End it now, or take it off before it has begun. Errors: RegulationError for whom it does not concern."""
    _check_right(leave.user, by)
    fresh = Leave.objects.select_for_update(of=("self",)).get(pk=leave.pk)
    if fresh.ends_at <= now:
        raise RegulationError(_("This leave is over already."))
    leave.starts_at, leave.ends_at = fresh.starts_at, max(fresh.starts_at, now)
    leave.save(update_fields=["ends_at"])
    facts = {"user": str(leave.user), "deputy": str(leave.deputy)}
    engine.record(LEAVE_ENDED, by=by, now=now, data=facts)
    return leave


def tell_deputies(now: datetime) -> int:
    """Tell the deputies of leaves that have begun; each once, however many workers ask. Returns how many."""
    told = 0
    while _tell_one(now):
        told += 1
    return told


@verb
def _tell_one(now: datetime) -> bool:
    begun = Leave.objects.lasting(now).filter(told_at=None).select_related("user", "deputy")
    leave = begun.select_for_update(of=("self",), skip_locked=True).order_by("pk").first()
    if leave is None:
        return False
    leave.told_at = now
    leave.save(update_fields=["told_at"])
    notify(
        leave.deputy,
        DEPUTY,
        text=lambda: (
            _("You stand in for %(person)s until %(day)s: deals and tasks are yours too.")
            % {"person": leave.user, "day": date_format(leave.last_day, "SHORT_DATE_FORMAT")}
        ),
        url="/leaves/",
        now=now,
        key=f"leave.deputy:{leave.pk}",
    )
    return True


def _check_right(user: User, by: Actor) -> None:
    """One's own leave, or that of somebody one heads."""
    me = by.user
    if me is None or not (me.pk == user.pk or me.led_ids is None or user.pk in me.led_ids):
        raise RegulationError(_("A leave is entered by the person himself or by his head."))


def _check_days(first: date, last: date, *, today: date) -> None:
    if last < first:
        raise BadAnswer({"last_day": _("The last day is before the first.")})
    if last < today:
        raise BadAnswer({"last_day": _("These days are past already.")})
    if first - today > LONGEST or last - first > LONGEST:
        raise BadAnswer({"last_day": _("At most a year.")})


def _check_chain(user: User, deputy: User, starts_at: datetime, ends_at: datetime) -> None:
    meanwhile = Leave.objects.filter(starts_at__lt=ends_at, ends_at__gt=starts_at)
    meanwhile = meanwhile.select_related("user", "deputy")
    if other := meanwhile.filter(user=user).first():
        raise BadAnswer(
            {"first_day": _("There is a leave in these days: %(leave)s.") % {"leave": other}}
        )
    if other := meanwhile.filter(user=deputy).first():
        raise BadAnswer({"deputy": _("The deputy is away himself: %(leave)s.") % {"leave": other}})
    if other := meanwhile.filter(deputy=user).first():
        raise BadAnswer(
            {
                "first_day": _("In these days he stands in for somebody: %(leave)s. Choose another deputy there first.")
                % {"leave": other}
            }
        )  # fmt: skip
