from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_fsm import GET_STATE, FSMField, transition

from crm.models import Deal, User

ACTIVE, RENEWED, EXPIRED, REFUSED = "active", "renewed", "expired", "refused"
DUE = "due_"

STATES = {
    ACTIVE: pgettext_lazy("licence", "in force"),
    RENEWED: pgettext_lazy("licence", "renewed"),
    EXPIRED: pgettext_lazy("licence", "expired"),
    REFUSED: pgettext_lazy("licence", "not renewed"),
}


class LicenceQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> LicenceQuerySet:
        """The licences of the deals that the user sees."""
        return self.filter(deal__in=Deal.objects.visible_to(user))

    def running(self) -> LicenceQuerySet:
        """Those that may yet be renewed, with a known end."""
        return self.filter(expires_on__isnull=False).exclude(state=REFUSED)


def _is_running(licence: Any) -> bool:
    return not licence.is_refused


class Licence(models.Model):
    """What a client may use until a day, and what we know of the next purchase.

    `state` counts down: `active` (or `renewed`) → `due_30` → `due_7` → `expired`; the numbers are those of the
    playbook's ladder. Every change goes through `licenses.verbs`, under the deal's lock.
    """

    class Source(models.TextChoices):
        COMPUTED = "computed", _("computed from the confirmed payment")
        TYPED = "typed", _("typed from the client's account")

    class Refusal(models.TextChoices):
        ELSEWHERE = "elsewhere", _("renews elsewhere")
        LEAVES = "leaves", _("leaves the product altogether")

    deal = models.OneToOneField(
        "crm.Deal", models.PROTECT, related_name="licence", verbose_name=_("deal")
    )
    # A sale opens a licence exactly once, whoever asks and however often.
    sale = models.OneToOneField(
        "crm.Deal",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="sold_licence",
        verbose_name=_("sale"),
    )
    state = FSMField(_("state"), max_length=10, default=ACTIVE, protected=True)
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    expiry_source = models.CharField(
        _("where the date is from"), max_length=8, choices=Source.choices, blank=True
    )
    expiry_set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("date set by"),
    )
    expiry_set_at = models.DateTimeField(_("date set at"), null=True, blank=True)
    account_id = models.CharField(_("account ID"), max_length=60, blank=True)
    users = models.PositiveIntegerField(_("users"), null=True, blank=True)
    # What the next purchase is proposed for (AX-LIC4).
    renewal_months = models.PositiveSmallIntegerField(_("renewal period, months"), default=12)
    refusal_kind = models.CharField(_("refusal"), max_length=9, choices=Refusal.choices, blank=True)
    refusal_reason = models.TextField(_("reason of the refusal"), blank=True)
    # Step of the ladder → when it was announced in the present period: {"30": "2026-05-11T00:00:00+03:00"}.
    reminded = models.JSONField(default=dict, blank=True)
    # Raised by every change: a form filled in on an older page is refused.
    revision = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(_("created at"))

    objects = LicenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("licence")
        verbose_name_plural = _("licences")
        indexes = [
            models.Index(
                fields=["expires_on"],
                condition=Q(expires_on__isnull=False),
                name="licence_calendar",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_on__isnull=True, expiry_source="")
                | Q(expires_on__isnull=False) & ~Q(expiry_source=""),
                name="an_expiry_has_its_source",
            ),
        ]

    def __str__(self) -> str:
        return self.account_id or f"№ {self.pk}"

    @property
    def step(self) -> int | None:
        """The step of the ladder reached: 30 for `due_30`; None on none."""
        return int(self.state.removeprefix(DUE)) if self.state.startswith(DUE) else None

    @property
    def state_label(self) -> str:
        """The state for people."""
        if self.step is not None:
            return gettext("%(days)s days or fewer left") % {"days": self.step}
        return str(STATES.get(self.state, self.state))

    @property
    def is_refused(self) -> bool:
        return bool(self.state == REFUSED)

    @transition(
        field=state,
        source="*",
        target=GET_STATE(lambda licence, days: f"{DUE}{days}"),
        conditions=[_is_running],
    )
    def mark_due(self, days: int) -> None:
        """A step of the ladder, any: the steps are data of the playbook."""

    @transition(field=state, source="*", target=EXPIRED, conditions=[_is_running])
    def mark_expired(self) -> None:
        """The last day is over."""

    @transition(field=state, source="*", target=RENEWED)
    def renew(self) -> None:
        """A new period is paid for; also by one who had refused."""

    @transition(
        field=state,
        source="*",
        target=GET_STATE(
            lambda licence, *, was_renewed: RENEWED if was_renewed else ACTIVE,
            states=[ACTIVE, RENEWED],
        ),
    )
    def rewind(self, *, was_renewed: bool) -> None:
        """The countdown begins anew: another date, or the client changed his mind."""

    @transition(field=state, source="*", target=REFUSED, conditions=[_is_running])
    def refuse(self) -> None:
        """The client does not renew."""


class Period(models.Model):
    """One term of a licence: what was bought, paid and given; the last one is the present."""

    licence = models.ForeignKey(Licence, models.PROTECT, related_name="periods")
    number = models.PositiveSmallIntegerField(_("number"))
    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    # The day of the month that the term is counted by, so that ends of months do not wander.
    anchor = models.PositiveSmallIntegerField(null=True, blank=True)
    months = models.PositiveSmallIntegerField(_("months"), null=True, blank=True)
    bonus_months = models.PositiveSmallIntegerField(_("bonus months"), default=0)
    price = models.DecimalField(_("price"), max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    users = models.PositiveIntegerField(_("users"), null=True, blank=True)
    paid_on = models.DateField(_("paid on"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("entered by"),
    )
    at = models.DateTimeField(_("entered at"))

    class Meta:
        ordering = ["licence", "number"]
        verbose_name = _("licence period")
        verbose_name_plural = _("licence periods")
        constraints = [
            # The same renewal entered twice at once is one period.
            models.UniqueConstraint(fields=["licence", "number"], name="one_period_a_number"),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gte=F("starts_on")),
                name="a_period_ends_after_its_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.starts_on or '…'} – {self.ends_on or '…'}"
