"""What a role may do beside working its deals: Django's permissions, ticked for each role in Admin.

They are few and coarse on purpose. Which deals one sees is `visible_to`'s, what may be done on a stage is StageRight's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm import roles

if TYPE_CHECKING:
    from crm.models import User

EXPORT = "export_records"
ARRANGE = "arrange_columns"
CHANGE_MANY = "change_many"
IMPORT = "import_records"
ANALYTICS = "see_analytics"
SHARE = "share_filters"
MERGE = "merge_clients"
NEW_REQUESTS = "see_new_requests"

# Permissions of crm.User: (codename, words). A CRM administrator has them all.
RIGHTS: list[tuple[str, Any]] = [
    (EXPORT, gettext_noop("may export what he sees")),
    (ARRANGE, gettext_noop("may choose and order the columns of tables")),
    (CHANGE_MANY, gettext_noop("may change many records at once")),
    (IMPORT, gettext_noop("may import records from a file")),
    (ANALYTICS, gettext_noop("may see the analytics")),
    (SHARE, gettext_noop("may share saved filters")),
    (MERGE, gettext_noop("may merge duplicates")),
    (NEW_REQUESTS, gettext_noop("may be told of new requests")),
]

_WORKS = (ARRANGE, CHANGE_MANY)
# What a role may when it is made; from then on the administrator's ticks decide.
AT_FIRST: dict[str, tuple[str, ...]] = {
    roles.HEAD: tuple(code for code, _words in RIGHTS),
    roles.MANAGER: _WORKS,
    roles.ACCOUNT_MANAGER: _WORKS,
    roles.CLIENT_DEPARTMENT: _WORKS,
    roles.REFUNDS: _WORKS,
}


def give_at_first(sender: Any, instance: Any, created: bool, **kwargs: Any) -> None:
    """A new role gets the rights that its like usually has; where a migration brings a right, it gives it to those known."""
    from django.contrib.auth.models import Permission

    if created and (codes := AT_FIRST.get(instance.name)):
        rights = Permission.objects.filter(content_type__app_label="crm", codename__in=codes)
        instance.permissions.add(*rights)


def need(user: User, right: str) -> None:
    """Errors: PermissionDenied, answered with a page that says whom to ask."""
    if not user.may(right):
        raise PermissionDenied(
            str(_("Your role does not have this right. An administrator gives it."))
        )
