"""The cast and the records of the tests, made through the project's own verbs wherever there is one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import factory
from django.contrib.auth.models import Group, Permission

from crm import deals
from crm.clients import people
from crm.models import Deal, Team, User
from pipelines import catalog
from pipelines.actor import Actor

# A Tuesday, ten in the morning in Minsk and Moscow: everybody works.
NOON = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)


class TeamFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Team

    name = factory.Sequence(lambda n: f"Отдел {n}")


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"user{n}@example.com")
    first_name = "Иван"
    last_name = factory.Sequence(lambda n: f"Иванов{n}")
    password = factory.django.Password("secret-pass-1")

    @factory.post_generation
    def roles(self, create: bool, extracted: Any, **kwargs: Any) -> None:
        for name in extracted or ():
            self.groups.add(Group.objects.get_or_create(name=name)[0])


def make_deal(owner: User, **kwargs: Any) -> Deal:
    """A deal opened by its owner by hand, with a contact that has a phone and an e-mail."""
    now = kwargs.pop("now", NOON)
    pipeline = catalog.by_code(kwargs.pop("pipeline", "leads"))
    by = kwargs.pop("by", Actor.person(owner))
    phone, email = kwargs.pop("phone", "+375 29 111-22-33"), kwargs.pop("email", "lead@example.com")
    if "contact" not in kwargs:
        kwargs["contact"] = people.create_contact(
            name=kwargs.pop("contact_name", "Алексей Лукашевич"),
            phone=phone,
            email=email,
            owner=owner,
            by=by,
            now=now,
        )
    name = kwargs.pop("name", "Базовое внедрение")
    return deals.open_deal(pipeline=pipeline, name=name, owner=owner, by=by, now=now, **kwargs)


def allow(user: User, *rights: str) -> None:
    """What an administrator does who ticks the rights for the roles of the user."""
    found = Permission.objects.filter(content_type__app_label="crm", codename__in=rights)
    for role in user.groups.all():
        role.permissions.add(*found)
