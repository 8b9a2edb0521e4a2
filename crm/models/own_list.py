from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pipelines.compiled import CompiledField
from pipelines.compiling import split_choice
from pipelines.models import FieldColumns, choices_column

if TYPE_CHECKING:
    from crm.models import User

# Pictures of the icon font, offered to whoever makes a list.
ICONS = [
    ("list-details", _("list")),
    ("truck", _("truck")),
    ("map-pin", _("place")),
    ("building-warehouse", _("warehouse")),
    ("package", _("goods")),
    ("tool", _("equipment")),
    ("file-text", _("document")),
    ("users-group", _("people")),
    ("target", _("competitor")),
    ("star", _("star")),
]


class CustomListQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> CustomListQuerySet:
        """The lists of the user's playbook, and those of every playbook, that his roles may read; an administrator's are all."""
        lists = self.filter(is_active=True)
        if user.is_crm_admin:
            return lists
        roles = list(user.role_names)
        lists = lists.filter(Q(readers=[]) | Q(readers__overlap=roles) | Q(editors__overlap=roles))
        return lists.filter(playbook__in=("", user.playbook)) if user.playbook else lists


class CustomList(models.Model):
    """A list of the company's own («Car fleet», «Competitors»): its fields are rows, its items have cards."""

    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    icon = models.CharField(_("icon"), max_length=40, choices=ICONS, default="list-details")
    playbook = models.SlugField(
        _("playbook"), blank=True, help_text=_("Whose people have it; empty: everybody.")
    )
    # Names of roles. Whoever may edit may read.
    readers = ArrayField(
        models.CharField(max_length=150),
        verbose_name=_("who may read"),
        default=list,
        blank=True,
        help_text=_("Nothing ticked: everybody."),
    )
    editors = ArrayField(
        models.CharField(max_length=150),
        verbose_name=_("who may add and change"),
        default=list,
        blank=True,
        help_text=_("Nothing ticked: everybody who reads it."),
    )
    is_personal = models.BooleanField(
        _("each sees his own"),
        default=False,
        help_text=_("People see the items they answer for, heads those of their people."),
    )
    unique_names = models.BooleanField(
        _("no two items of one name"),
        default=True,
        help_text=_("Upper and lower case make no difference; archived items do not count."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    objects = CustomListQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("own list")
        verbose_name_plural = _("own lists")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("crm:own_list", args=[self.code])

    @property
    def place(self) -> str:
        """Its name among all the lists: of its columns, exports, imports and saved filters."""
        return f"list-{self.code}"

    def may_edit(self, user: User) -> bool:
        """Whether the user, who reads the list, may add and change its items."""
        return user.is_crm_admin or not self.editors or not user.role_names.isdisjoint(self.editors)


class ListField(FieldColumns):
    """A field of the items of an own list: as a deal's, but for those that live on a deal's feed."""

    # Neither ticks with who and when nor entries of the feed as proof.
    TYPES = [
        (kind.value, kind.label)
        for kind in FieldColumns.Type
        if kind not in (FieldColumns.Type.CONTROL, FieldColumns.Type.EVIDENCE)
    ]
    type = models.CharField(_("type"), max_length=9, choices=TYPES, default=FieldColumns.Type.TEXT)
    choices = choices_column(_("One a line."))
    required = models.BooleanField(_("required"), default=False)
    in_table = models.BooleanField(_("in the table"), default=True)
    # Last, for above it `list` is Python's.
    list = models.ForeignKey(
        CustomList, models.CASCADE, related_name="fields", verbose_name=_("own list")
    )

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("field of an own list")
        verbose_name_plural = _("fields of an own list")
        constraints = [
            models.UniqueConstraint(fields=["list", "code"], name="one_list_field_a_code")
        ]

    def compiled(self) -> CompiledField:
        """The field as `pipelines.fields` reads, shows and edits it."""
        return CompiledField(
            code=self.code,
            label=self.label,
            type=self.type,
            choices=dict(split_choice(text) for text in self.choices),
            help_text=self.help_text,
            record="item",
        )


class ListItemQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> ListItemQuerySet:
        """The items of the lists that the user reads; of a personal list those he or his people answer for."""
        return self.filter(archived_at=None)._of_the_lists_of(user)

    def archived_of(self, user: User) -> ListItemQuerySet:
        """Those taken off such lists."""
        return self.filter(archived_at__isnull=False)._of_the_lists_of(user)

    def _of_the_lists_of(self, user: User) -> ListItemQuerySet:
        items = self.filter(list__in=CustomList.objects.visible_to(user))
        if user.visible_owner_ids is None:
            return items
        return items.filter(Q(list__is_personal=False) | Q(owner__in=user.visible_owner_ids))


class ListItem(models.Model):
    """One item of an own list."""

    list = models.ForeignKey(
        CustomList, models.PROTECT, related_name="items", verbose_name=_("own list")
    )
    name = models.CharField(_("name"), max_length=300)
    # The name in lower case where the list has no two alike, else null: the constraint then says nothing.
    name_key = models.CharField(max_length=300, null=True, editable=False)  # noqa: DJ001
    values = models.JSONField(default=dict, blank=True, verbose_name=_("values of fields"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"))
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)

    objects = ListItemQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("list item")
        verbose_name_plural = _("list items")
        constraints = [
            models.UniqueConstraint(
                fields=["list", "name_key"],
                condition=Q(archived_at=None),
                name="no_two_items_of_one_name",
            )
        ]
        indexes = [
            models.Index(fields=["list", "-id"], name="item_newest_of_a_list"),
            GinIndex(OpClass(Lower("name"), "gin_trgm_ops"), name="item_search_by_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("crm:item", args=[self.pk])


class ItemEntry(models.Model):
    """An entry of the feed that is about a list item: the feed itself knows deals, contacts and companies."""

    item = models.ForeignKey(
        ListItem, models.PROTECT, related_name="entries", verbose_name=_("list item")
    )
    event = models.OneToOneField(
        "pipelines.Event", models.PROTECT, related_name="+", verbose_name=_("feed entry")
    )

    class Meta:
        verbose_name = _("feed entry of a list item")
        verbose_name_plural = _("feed entries of list items")
        indexes = [models.Index(fields=["item", "-event"], name="entry_feed_of_an_item")]

    def __str__(self) -> str:
        return f"{self.item}: {self.event}"
