from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# More unread ones than this are «99+».
NOTICES_COUNTED = 99
TEXT_LIMIT = 300
URL_LIMIT = 300
# With «notice:», the user's number and the key, a letter's dedupe key holds it.
KEY_LIMIT = 120


class NoticeQuerySet(models.QuerySet):
    def unread(self) -> NoticeQuerySet:
        return self.filter(read_at=None)


class Notice(models.Model):
    """One line under a person's bell: what happened that he should know, and where to look at it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="notices",
        verbose_name=_("user"),
        db_index=False,
    )
    # A name of `crm.notices.kinds`; a kind that is gone leaves its notices readable.
    kind = models.CharField(_("kind"), max_length=40)
    # In the language the user had when it happened.
    text = models.CharField(_("text"), max_length=TEXT_LIMIT)
    url = models.CharField(_("address"), max_length=URL_LIMIT, blank=True)
    at = models.DateTimeField(_("at"))
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    # What it tells of; told twice it is one notice.
    key = models.CharField(_("key"), max_length=KEY_LIMIT, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "key"], condition=~Q(key=""), name="a_notice_is_given_once"
            )
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="notices_of_a_user"),
            models.Index(
                fields=["user", "-id"], condition=Q(read_at=None), name="unread_notices_of_a_user"
            ),
        ]

    def __str__(self) -> str:
        return self.text
