from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from .own_list import CustomList

if TYPE_CHECKING:
    from crm.models import User

# The teams that see what is shared with them: one's own with those above it, and those one heads with those below.
_TEAMS = """
    WITH RECURSIVE above(id, parent_id) AS (
        SELECT id, parent_id FROM crm_team WHERE id = (SELECT team_id FROM crm_user WHERE id = %s)
        UNION
        SELECT crm_team.id, crm_team.parent_id FROM crm_team JOIN above ON above.parent_id = crm_team.id
    ), below(id) AS (
        SELECT id FROM crm_team WHERE head_id = %s
        UNION
        SELECT crm_team.id FROM crm_team JOIN below ON crm_team.parent_id = below.id
    )
    SELECT id FROM above UNION SELECT id FROM below
"""


def teams_of(user: User) -> RawSQL:
    """Their numbers, as a query."""
    return RawSQL(_TEAMS, (user.pk, user.pk))  # noqa: S611 (a constant of ours)


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    def visible_to(self, user: User) -> SavedFilterQuerySet:
        """One's own, and those shared with everybody, with one's team or one above it, or with a team one heads."""
        with_his = Q(shared_with_team__in=teams_of(user))
        return self.filter(Q(owner=user.pk) | Q(shared_with_everybody=True) | with_his)


class SavedFilter(models.Model):
    """A question about a list with a name: its owner's alone, or shared; each sees through it what is his to see."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="saved_filters",
        verbose_name=_("owner"),
        db_index=False,
    )
    name = models.CharField(_("name"), max_length=60)
    # What is asked: `deals`, `tasks`, `contact`, `company`, or `list-<code>` of an own list.
    list = models.SlugField(_("list"), max_length=60, db_index=False)
    # Of deals alone. A code and not a link: a playbook loaded anew brings its pipelines with new numbers. Empty: of all.
    pipeline = models.SlugField(_("pipeline"), blank=True, db_index=False)
    # As `Filter.query` writes it; untrusted when read, for fields and stages go.
    query = models.TextField(_("question"))
    shared_with_team = models.ForeignKey(
        "Team",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("shared with the team"),
    )
    shared_with_everybody = models.BooleanField(_("shared with everybody"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        constraints = [
            models.UniqueConstraint("owner", "list", Lower("name"), name="one_saved_filter_a_name"),
            models.CheckConstraint(
                condition=Q(shared_with_team=None) | Q(shared_with_everybody=False),
                name="a_filter_is_shared_in_one_way",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_shared(self) -> bool:
        return self.shared_with_everybody or self.shared_with_team_id is not None


@receiver(post_delete, sender=CustomList)
def forget_filters(instance: CustomList, **_kwargs: Any) -> None:
    """A list made later under the same code is another one, with other fields."""
    SavedFilter.objects.filter(list=instance.place).delete()
