"""A client does not renew, or stays after all."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from crm.models import Deal
from licenses.countdown import announce_again, rewind
from licenses.keeping import REFUSED, RESUMED, lock, record
from licenses.models import Licence
from pipelines import fields
from pipelines.actor import Actor
from pipelines.errors import BadAnswer
from pipelines.transactions import verb

REASON_LIMIT = 5000


@verb
def refuse_licence(deal: Deal, *, kind: str, reason: str, by: Actor, now: datetime) -> Licence:
    """The client does not renew: elsewhere, or he leaves altogether, and why (AX-LIC11). Errors: BadAnswer."""
    licence = lock(deal, by, None)
    reason = fields.storable(reason).strip()
    if kind not in Licence.Refusal.values:
        raise BadAnswer({"kind": _("Say which: renews elsewhere, or leaves altogether.")})
    if not reason:
        raise BadAnswer({"reason": _("Say why the client does not renew.")})
    if len(reason) > REASON_LIMIT:
        raise BadAnswer({"reason": _("At most %(limit)s characters.") % {"limit": REASON_LIMIT}})
    if licence.is_refused:
        return licence
    licence.refuse()
    licence.refusal_kind, licence.refusal_reason = kind, reason
    licence.revision += 1
    licence.save(update_fields=["state", "refusal_kind", "refusal_reason", "revision"])
    said = Licence.Refusal(kind).label
    record(REFUSED, licence, by=by, now=now, text=f"{said}: {reason}", kind=kind)
    return licence


@verb
def resume_licence(deal: Deal, *, by: Actor, now: datetime) -> Licence:
    """The client who refused stays after all: the countdown goes on."""
    licence = lock(deal, by, None)
    if not licence.is_refused:
        return licence
    licence.refusal_kind, licence.refusal_reason = "", ""
    rewind(licence)
    licence.revision += 1
    licence.save(update_fields=["state", "refusal_kind", "refusal_reason", "revision"])
    record(RESUMED, licence, by=by, now=now)
    announce_again(licence, by=by, now=now)
    return licence
