"""Who may see what: the only answer. Every view, search, export, count and feed starts from `visible_to`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from pipelines import catalog, door
from pipelines.catalog import CompiledPipeline, CompiledStage

if TYPE_CHECKING:
    from crm.models import User


def pipelines_of(user: User) -> list[CompiledPipeline]:
    """The pipelines of the user's playbook in which he may see something, in their order."""
    return [
        pipeline
        for pipeline in catalog.pipelines()
        if (user.is_crm_admin or user.playbook in ("", pipeline.playbook))
        and stages_of(user, pipeline)
    ]


def stages_of(user: User, pipeline: CompiledPipeline) -> list[CompiledStage]:
    """The stages whose deals the user may see: the board's columns."""
    if user.is_crm_admin:
        return list(pipeline.stages)
    return [stage for stage in pipeline.stages if stage.lets("see", user.role_names)]


class DealQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> DealQuerySet:
        """The user's own deals, those of the people below him, all for administrators; hidden stages left out."""
        deals = self.filter(archived_at=None)
        if user.visible_owner_ids is None:
            return deals
        owners = user.visible_owner_ids
        deals = deals.filter(owner=user.pk) if len(owners) == 1 else deals.filter(owner__in=owners)
        hidden = catalog.stages_hidden_from(user.role_names)
        return deals.exclude(stage__in=hidden) if hidden else deals

    def open(self) -> DealQuerySet:
        return self.filter(status="open")

    def without_task(self) -> DealQuerySet:
        return self.open().filter(next_task_at=None, stage__needs_task=True)

    def overdue(self, now: datetime) -> DealQuerySet:
        """Deals whose next task should have been done by `now`."""
        return self.filter(next_task_at__lt=now)

    def update(self, **columns: Any) -> int:
        door.check_columns(columns)
        return super().update(**columns)

    def bulk_update(
        self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        door.check_columns(fields)
        return super().bulk_update(objs, fields, batch_size)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        door.check_columns(door.GUARDED)
        return super().bulk_create(objs, *args, **kwargs)


class PeopleQuerySet(models.QuerySet):
    """Contacts and companies."""

    def visible_to(self, user: User) -> PeopleQuerySet:
        """Those the user or his people are responsible for, and those of the deals that he sees."""
        from crm.models import Deal

        records = self.filter(archived_at=None)
        if user.visible_owner_ids is None:
            return records
        link = str(self.model._meta.model_name)
        of_a_deal = Deal.objects.visible_to(user).filter(**{link: OuterRef("pk")})
        return records.filter(Q(owner__in=user.visible_owner_ids) | Exists(of_a_deal))

    def archived_of(self, user: User) -> PeopleQuerySet:
        """Those in the archive that the user or his people were responsible for; what was merged is in its main record."""
        records = self.filter(archived_at__isnull=False, merged_into=None)
        owners = user.visible_owner_ids
        return records if owners is None else records.filter(owner__in=owners)


class TaskQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> TaskQuerySet:
        """One's own tasks, those of one's people, and those on the deals, contacts and companies that one sees."""
        from crm.models import Company, Contact, Deal

        if user.visible_owner_ids is None:
            return self
        of_a_deal = Deal.objects.visible_to(user).filter(pk=OuterRef("deal"))
        of_a_contact = Contact.objects.visible_to(user).filter(pk=OuterRef("contact"))
        of_a_company = Company.objects.visible_to(user).filter(pk=OuterRef("company"))
        # A task on a deal is the deal's, whoever its contact is.
        on_people = Q(deal=None) & (Exists(of_a_contact) | Exists(of_a_company))
        own = Q(owner__in=user.visible_owner_ids)
        return self.filter(own | Exists(of_a_deal) | on_people)

    def open(self) -> TaskQuerySet:
        return self.filter(state="open")

    def to_do_by(self, user: User) -> TaskQuerySet:
        """One's own, and the open ones that fall into the leave of somebody for whom one stands in."""
        own = Q(owner=user.pk)
        for absence in user.standing_for:
            own |= Q(owner=absence.user_id, state="open", due_at__lt=absence.ends_at)
        return self.filter(own)
