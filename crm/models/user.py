from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, NamedTuple
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as BaseUserManager
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from crm import rights


class Absence(NamedTuple):
    """Somebody who is away, and the moments between which another stands in for him."""

    user_id: int
    name: str
    starts_at: datetime
    ends_at: datetime


class Team(models.Model):
    """A group of people with a head; its teams below belong to the head too."""

    name = models.CharField(_("name"), max_length=100)
    head = models.ForeignKey(
        "User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="headed_teams",
        verbose_name=_("head"),
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("part of"),
    )
    playbook = models.SlugField(
        _("works by the playbook"),
        blank=True,
        help_text=_(
            "Where several companies share an installation: people of this team, and of the teams below it, work "
            "in the pipelines of this playbook only, and only they are given its deals. Empty: in all of them."
        ),
    )

    class Meta:
        ordering = ["name"]
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Users are known by e-mail; there is no user name to invent."""

    use_in_migrations = False

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(  # type: ignore[override]
        self, email: str, password: str | None = None, **extra: Any
    ) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(  # type: ignore[override]
        self, email: str, password: str | None = None, **extra: Any
    ) -> User:
        return self.create_user(
            email, password, **(extra | {"is_staff": True, "is_superuser": True})
        )


class User(AbstractUser):
    """A person who signs in by e-mail, or a robot."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail"), unique=True)
    middle_name = models.CharField(_("patronymic"), max_length=150, blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="members", verbose_name=_("team")
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Moscow")
    language = models.CharField(
        _("language"), max_length=2, default="ru", choices=[("ru", "Русский"), ("en", "English")]
    )
    password_changed_at = models.DateTimeField(
        _("password changed at"), default=timezone.now, editable=False
    )
    # The name under which `crm.profile.photos` keeps the pictures; empty: initials.
    photo = models.CharField(_("photo"), max_length=40, blank=True, editable=False)
    # The hash that a new password takes the place of, until `crm.passwords` has kept it.
    password_before = ""

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        ordering = ["last_name", "first_name"]
        verbose_name = _("user")
        verbose_name_plural = _("users")
        permissions = rights.RIGHTS
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_user_an_email_in_any_case")
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def clean(self) -> None:
        super().clean()
        if self.time_zone not in available_timezones():
            raise ValidationError({"time_zone": _("There is no such time zone.")})

    def set_password(self, raw_password: str | None) -> None:
        self.password_before = self.password if self.pk else ""
        super().set_password(raw_password)

    @cached_property
    def role_names(self) -> frozenset[str]:
        """Names of the user's groups, read once per request."""
        return frozenset(self.groups.values_list("name", flat=True))

    @property
    def is_crm_admin(self) -> bool:
        return self.is_superuser or "crm_admin" in self.role_names

    @cached_property
    def led_ids(self) -> frozenset[int] | None:
        """Himself and the people of the teams he heads: whom he answers for; None means everybody."""
        if self.is_crm_admin:
            return None
        return frozenset({self.pk, *_ids(PEOPLE_BELOW, self.pk)})

    @property
    def leads(self) -> bool:
        """Whether anybody beside himself is his to answer for."""
        return self.led_ids is None or len(self.led_ids) > 1

    @cached_property
    def standing_for(self) -> tuple[Absence, ...]:
        """Whose deputy he is at this moment; who is away leads nobody in his stead."""
        return read_absences(_absences(self.pk))

    @cached_property
    def visible_owner_ids(self) -> frozenset[int] | None:
        """Whose records the user sees: those he answers for, and those he stands in for with their people."""
        if self.led_ids is None:
            return None
        return self.led_ids.union(_ids(PEOPLE_OF_THE_ABSENT, self.pk))

    @cached_property
    def rights(self) -> frozenset[str]:
        """Codes of `crm.rights` that the user's roles have."""
        return frozenset(code.partition(".")[2] for code in self.get_all_permissions())

    def may(self, right: str) -> bool:
        return self.is_crm_admin or right in self.rights

    @cached_property
    def chosen(self) -> dict[str, Any]:
        """The user's preferences by key; read and written through `crm.preferences`."""
        return dict(self.preferences.values_list("key", "value"))

    @cached_property
    def playbook(self) -> str:
        """The playbook that the user's team, or the nearest team above it, works by; empty: every playbook."""
        with connection.cursor() as cursor:
            cursor.execute(PLAYBOOK, {"head": self.pk})
            return str(cursor.fetchone()[0] or "")


# The members of the teams that somebody heads and of all teams below them, and the heads of these.
_BELOW = """
    WITH RECURSIVE below(id) AS (
        SELECT id FROM crm_team WHERE head_id {heads}
        UNION
        SELECT crm_team.id FROM crm_team JOIN below ON crm_team.parent_id = below.id
    )
    SELECT crm_user.id FROM crm_user WHERE team_id IN (SELECT id FROM below)
    UNION
    SELECT head_id AS id FROM crm_team WHERE id IN (SELECT id FROM below) AND head_id IS NOT NULL
"""
_AWAY = """
    SELECT user_id AS id FROM crm_leave
    WHERE deputy_id = %(head)s AND starts_at <= statement_timestamp() AND ends_at > statement_timestamp()
"""
# The people below %(head)s; and those whose deputy he is at this moment, with the people below them.
PEOPLE_BELOW = _BELOW.format(heads="= %(head)s")
PEOPLE_OF_THE_ABSENT = f"{_BELOW.format(heads=f'IN ({_AWAY})')} UNION {_AWAY}"
ABSENT = """
    SELECT json_agg(json_build_array(
        user_id, concat_ws(' ', NULLIF(first_name, ''), NULLIF(last_name, '')), starts_at, ends_at
    ) ORDER BY user_id)
    FROM crm_leave JOIN crm_user AS away ON away.id = user_id
    WHERE deputy_id = %(head)s AND starts_at <= statement_timestamp() AND ends_at > statement_timestamp()
"""

# What the team of %(head)s says, else the team above it, and so on up; a circle of teams ends by itself.
PLAYBOOK = """
    WITH RECURSIVE above(id, parent_id, playbook, height) AS (
        SELECT id, parent_id, playbook, 0 FROM crm_team
        WHERE id = (SELECT team_id FROM crm_user WHERE id = %(head)s)
        UNION
        SELECT crm_team.id, crm_team.parent_id, crm_team.playbook, height + 1
        FROM crm_team JOIN above ON above.parent_id = crm_team.id WHERE height < 20
    )
    SELECT (SELECT playbook FROM above WHERE playbook <> '' ORDER BY height LIMIT 1)
"""


def read_absences(rows: Iterable[Any] | None) -> tuple[Absence, ...]:
    """What `ABSENT` says, as `Absence`."""
    return tuple(
        Absence(pk, name, datetime.fromisoformat(starts), datetime.fromisoformat(ends))
        for pk, name, starts, ends in rows or ()
    )


def _absences(deputy_id: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(ABSENT, {"head": deputy_id})
        found = cursor.fetchone()[0]
    return json.loads(found) if isinstance(found, str) else found


def _ids(of: str, head_id: int) -> set[int]:
    return {user.pk for user in User.objects.raw(of, {"head": head_id})}
