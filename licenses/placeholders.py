"""What letters can say of the licence."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from licenses.models import Licence
from notifications.placeholders import Occasion, placeholder


@placeholder("licence_until", label=_("the licence's last day"))
def licence_until(occasion: Occasion) -> str:
    licence = _licence(occasion)
    day = licence.expires_on if licence else None
    return date_format(day, "DATE_FORMAT") if day else ""


@placeholder("licence_account", label=_("the account's ID"))
def licence_account(occasion: Occasion) -> str:
    licence = _licence(occasion)
    return licence.account_id if licence else ""


def _licence(occasion: Occasion) -> Licence | None:
    return getattr(occasion.deal, "licence", None)
