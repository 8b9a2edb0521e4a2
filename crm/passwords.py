"""The age of passwords, where a regulation limits it: how long one is good, the warning, and none of the former again."""

from __future__ import annotations

import calendar
import zoneinfo
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.hashers import check_password, is_password_usable
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import OldPassword, PasswordRule, User
from crm.roles import ROBOT

# How many of the former passwords are remembered; each costs a slow comparison when a new one is chosen.
KEPT = 4


@dataclass(frozen=True)
class Rule:
    months: int
    warn_days: int
    clause: str


@dataclass(frozen=True)
class Age:
    """What a page says of its reader's password; `days_left` is 0 once it must be changed."""

    rule: Rule
    days_left: int

    @property
    def is_over(self) -> bool:
        return self.days_left <= 0

    @property
    def is_ending(self) -> bool:
        return 0 < self.days_left <= self.rule.warn_days


def strictest(rows: Any) -> Rule | None:
    """The rule with the fewest months, and of those with the longest warning."""
    return min(
        (Rule(*row) for row in rows), key=lambda rule: (rule.months, -rule.warn_days), default=None
    )


def rule_in_force() -> Rule | None:
    return strictest(PasswordRule.objects.values_list("months", "warn_days", "clause"))


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last day of a month that has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(
        year=year, month=month + 1, day=min(day.day, calendar.monthrange(year, month + 1)[1])
    )


def age_of(user: User, *, now: datetime, rule: Rule | None) -> Age | None:
    """How long the person's password still serves, by the days of his own calendar; None where nobody limits it.

    A robot is let in by keys, and a password that can't be used can't be too old.
    """
    if rule is None or ROBOT in user.role_names or not is_password_usable(user.password):
        return None
    zone = zoneinfo.ZoneInfo(user.time_zone)
    last = add_months(timezone.localdate(user.password_changed_at, zone), rule.months)
    return Age(rule, max(0, (last - timezone.localdate(now, zone)).days))


def age_for_pages(user: Any, *, now: datetime) -> Age | None:
    """The same for the user of a request, who brought the rules along: it costs no statement."""
    rows = getattr(user, "known_password_rules", None)
    return age_of(user, now=now, rule=strictest(rows)) if rows else None


class NotUsedBefore:
    """A validator of Django: none of the last few passwords, where a regulation limits their age."""

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None or user.pk is None or (rule := rule_in_force()) is None:
            return
        former = OldPassword.objects.filter(user=user).order_by("-id")[:KEPT]
        # By the row: a form has put the new password on the instance in no case, but who knows what else.
        present = User.objects.filter(pk=user.pk).values_list("password", flat=True)
        for known in [*present, *(row.password for row in former)]:
            if is_password_usable(known) and check_password(password, known):
                raise ValidationError(
                    _("You have had this password already (%(clause)s). Choose another one."),
                    code="password_used_before",
                    params={"clause": rule.clause},
                )

    def password_changed(self, password: str, user: User) -> None:
        """Called by `User.save` after a new password was saved."""
        before, now = user.password_before, timezone.now()
        user.password_before = ""
        if not before:
            return
        OldPassword.objects.create(user=user, password=before, at=now)
        kept = OldPassword.objects.filter(user=user).order_by("-id").values("pk")[:KEPT]
        OldPassword.objects.filter(user=user).exclude(
            pk__in=list(kept.values_list("pk", flat=True))
        ).delete()
        user.password_changed_at = now
        User.objects.filter(pk=user.pk).update(password_changed_at=now)

    def get_help_text(self) -> str:
        return str(_("None of the passwords you have had lately."))
