"""The outbox: letters and messages on their way, with their files."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from crm.models import Company, Contact, Deal, User
from notifications.models.template import AttachedFile, Template


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User) -> MessageQuerySet:
        """Those of the deals that the user sees, and those to contacts and companies that he sees, outside any deal."""
        if user.visible_owner_ids is None:
            return self
        to_people = Q(deal=None, contact__in=Contact.objects.visible_to(user))
        to_people |= Q(deal=None, company__in=Company.objects.visible_to(user))
        return self.filter(Q(deal__in=Deal.objects.visible_to(user)) | to_people)

    def due(self, now: datetime) -> MessageQuerySet:
        """What is to be sent by now, the longest waiting first; a secret that has outlived its use is not."""
        queued = self.filter(status=Message.Status.QUEUED, next_try_at__lte=now)
        fresh = Q(secret=False) | Q(created_at__gte=_oldest_secret(now))
        return queued.filter(fresh).order_by("next_try_at", "id")

    def outlived(self, now: datetime) -> MessageQuerySet:
        """Secrets that never left and would be of no use to who gets them."""
        waiting = self.filter(secret=True, status=Message.Status.QUEUED)
        return waiting.filter(created_at__lt=_oldest_secret(now))

    def abandoned(self, before: datetime) -> MessageQuerySet:
        """Claimed before the moment and neither sent nor given back: the worker is gone."""
        return self.filter(status=Message.Status.SENDING, claimed_at__lt=before)


def _oldest_secret(now: datetime) -> datetime:
    """When a secret that still works was made at the earliest: a link lives as long as its token."""
    return now - timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)


# A server that refuses a letter may quote the link it did not like.
_PATHS = re.compile(r"\S*/\S*")


def new_message_id() -> str:
    """An RFC 5322 Message-ID, the same for every try, so that a receiver can tell a repetition."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{uuid.uuid4().hex}@{domain}>"


class Message(FSMModelMixin, models.Model):
    """A letter, an SMS or a chat message on its way out: `letters` and `messages` queue it, `outbox` delivers it."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        SMS = "sms", _("SMS")
        WHATSAPP = "whatsapp", "WhatsApp"
        TELEGRAM = "telegram", "Telegram"

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        UNDONE = "undone", pgettext_lazy("message", "taken back")

    channel = models.CharField(
        _("channel"), max_length=8, choices=Channel.choices, default=Channel.EMAIL
    )
    # None: said to a contact or a company outside any deal; or, without either, a letter of the system to one of its users.
    deal = models.ForeignKey(
        "crm.Deal",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name=_("deal"),
    )
    contact = models.ForeignKey(
        "crm.Contact",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name=_("contact"),
    )
    company = models.ForeignKey(
        "crm.Company",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name=_("company"),
    )
    to = models.CharField(_("to"), max_length=254)
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    text = models.TextField(_("text"), blank=True)
    html = models.TextField(_("text as HTML"), blank=True)
    secret = models.BooleanField(
        _("secret"),
        default=False,
        help_text=_("The text is shown to nobody, and wiped when the letter has left or failed."),
    )
    template = models.ForeignKey(
        Template,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("letter template"),
    )
    # As in the feed: the person whose deed it is, and the rule that carried it out.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
    )
    rule = models.ForeignKey(
        "pipelines.Rule",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("rule"),
    )
    status = FSMField(
        _("status"), max_length=7, choices=Status.choices, default=Status.QUEUED, protected=True
    )
    message_id = models.CharField("Message-ID", max_length=255, unique=True, default=new_message_id)
    # What the other side calls it, where it says so: a receipt names this.
    provider_id = models.CharField(
        _("the provider's number"), max_length=100, blank=True, default="", db_default=""
    )
    dedupe_key = models.CharField(
        max_length=150, unique=True, null=True, blank=True, verbose_name=_("sent once for")
    )
    created_at = models.DateTimeField(_("created at"))
    # Nothing leaves earlier, so that a person can take the letter back.
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    next_try_at = models.DateTimeField(_("next try"))
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    # Which claim holds the row. A worker that was given up for dead finds another's here, and stops.
    claim = models.UUIDField(
        null=True, blank=True, editable=False, verbose_name=_("worker's claim")
    )
    claimed_at = models.DateTimeField(_("claimed at"), null=True, blank=True)
    # Committed before the server gets the end of the letter: empty means it can't have taken it.
    handed_at = models.DateTimeField(_("handed over at"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True)
    uncertain = models.BooleanField(
        _("uncertain"), default=False, help_text=_("Nobody knows whether the server took it.")
    )

    objects = MessageQuerySet.as_manager()

    # What the transitions below may change, beside a secret's text; written by `save_delivery`.
    DELIVERY = (
        "status", "attempts", "next_try_at", "claim", "claimed_at", "handed_at", "sent_at", "error", "uncertain",
        "provider_id",
    )  # fmt: skip

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outbox")
        indexes = [
            # A delivery reads only what is due, a sweep only what is in flight; sent rows never weigh on them.
            models.Index(
                fields=["next_try_at", "id"], condition=Q(status="queued"), name="message_due"
            ),
            models.Index(
                fields=["claimed_at"], condition=Q(status="sending"), name="message_in_flight"
            ),
            models.Index(
                fields=["-id"], condition=Q(status="failed"), name="message_to_be_looked_at"
            ),
            # The sweep asks every few seconds for `outlived`, which are next to none.
            models.Index(
                fields=["created_at"],
                condition=Q(status="queued", secret=True),
                name="message_secret_waiting",
            ),
        ]
        constraints = [
            # Whoever marks a secret as settled wipes it in the same statement, or the database refuses.
            models.CheckConstraint(
                condition=Q(secret=False)
                | Q(status__in=["queued", "sending"])
                | Q(text="", html=""),
                name="message_secret_is_wiped",
            ),
            models.CheckConstraint(
                condition=Q(channel="email") | Q(subject="", html="", secret=False),
                name="message_in_a_chat_is_plain",
            ),
            # What belongs to a deal is read by whoever sees the deal.
            models.CheckConstraint(
                condition=Q(secret=False) | Q(deal=None, contact=None, company=None),
                name="message_secret_is_nobodys_deal",
            ),
        ]

    def __str__(self) -> str:
        return self.subject or self.to

    @property
    def is_letter(self) -> bool:
        return self.channel == self.Channel.EMAIL

    @property
    def speaker(self) -> User | None:
        """In whose name it is written and who gets the answer: the author, or the deal's owner where a rule writes.

        Nobody for a letter of the system.
        """
        if self.author is not None and not self.rule_id:
            return self.author
        of = self.deal or self.contact or self.company
        return of.owner if of is not None else None

    @property
    def shown_text(self) -> str:
        """The text for people: pages show this, never `text`."""
        return gettext("hidden") if self.secret else self.text

    def save_delivery(self) -> None:
        """Write what a transition changed; a secret that is settled loses its text in the same statement."""
        columns = [*self.DELIVERY]
        if self.secret and self.status in (self.Status.SENT, self.Status.FAILED):
            self.text = self.html = ""
            columns += ["text", "html"]
        self.save(update_fields=columns)

    def _said(self, error: str) -> str:
        return _PATHS.sub("…", error) if self.secret else error

    @transition(field=status, source=Status.QUEUED, target=Status.SENDING)
    def take(self, *, now: datetime) -> None:
        """A worker takes it; the lease runs from now."""
        self.attempts += 1
        self.claim, self.claimed_at, self.handed_at = uuid.uuid4(), now, None

    @transition(field=status, source=Status.SENDING, target=Status.QUEUED)
    def put_back(self, *, at: datetime, error: str) -> None:
        """The server certainly did not take it; it is tried again at the moment."""
        self.next_try_at, self.error = at, self._said(error)
        self.claimed_at = self.handed_at = None

    # Also from failed and queued: an answer that comes after the sweep lost patience is still the truth.
    @transition(
        field=status, source=[Status.SENDING, Status.FAILED, Status.QUEUED], target=Status.SENT
    )
    def confirm(self, *, now: datetime, provider_id: str = "") -> None:
        """The server took it."""
        self.provider_id = provider_id
        self.sent_at, self.error, self.uncertain = now, "", False

    @transition(field=status, source=[Status.SENDING, Status.QUEUED], target=Status.FAILED)
    def give_up(self, *, error: str, uncertain: bool = False) -> None:
        """It was refused for good, nobody knows what became of it, or (from queued) it is too late; a person decides."""
        self.error, self.uncertain = self._said(error), uncertain

    @transition(field=status, source=Status.QUEUED, target=Status.UNDONE)
    def take_back(self) -> None:
        """The move that queued it was undone before it left."""

    @transition(field=status, source=Status.FAILED, target=Status.QUEUED)
    def queue_again(self, *, now: datetime) -> None:
        """Only through `notifications.letters.retry_message`."""
        self.attempts, self.next_try_at = 0, now
        # The claim and `handed_at` stay until the next one, for an answer that may yet come.
        self.error, self.uncertain = "", False


class MessageFile(AttachedFile):
    """A file that goes with a letter; one from a template shares the template's stored file."""

    message = models.ForeignKey(
        Message, models.CASCADE, related_name="files", verbose_name=_("letter")
    )
    size = models.PositiveIntegerField(_("size, bytes"), default=0)
    content_type = models.CharField(_("content type"), max_length=100, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("attached file")
        verbose_name_plural = _("attached files")
