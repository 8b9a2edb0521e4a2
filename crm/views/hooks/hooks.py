"""Where telephony, sites and messengers post requests; each is a function of `crm.intake.taking` and nothing else."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.clients.points import normalize_phone
from crm.intake import taking as intake
from crm.intake.hook_data import Posted
from crm.intake.hooks import HookError, hook, parse, verify
from crm.models import IntakeSource, RequestKind, User


@hook
def calls(request: HttpRequest, source: str) -> dict[str, Any]:
    """A call that is over."""
    sender, posted = _open(request, source, RequestKind.CALLS)
    found: dict[str, Any] = {
        "number": posted.text("number", required=True),
        "answered": posted.flag("answered", required=True),
        "incoming": posted.flag("incoming", default=True),
        "seconds": posted.number("seconds"),
        "recording": posted.text("recording"),
        "name": posted.text("name"),
        "text": posted.text("text"),
        "outside_id": posted.text("id", required=True),
    }
    user = _user(posted.text("user"))
    posted.done()
    return _answer(intake.call(**found, user=user, now=timezone.now(), source=sender))


@hook
def forms(request: HttpRequest, source: str) -> dict[str, Any]:
    """A filled-in site form."""
    sender, posted = _open(request, source, RequestKind.FORMS)
    names = ("name", "phone", "email", "company", "tax_id", "text")
    found: dict[str, Any] = {name: posted.text(name) for name in names}
    found |= {"values": posted.mapping("values"), "tags": posted.words("tags")}
    found["outside_id"] = posted.text("id", required=True)
    posted.done()
    return _answer(intake.form(**found, now=timezone.now(), source=sender))


@hook
def messages(request: HttpRequest, source: str) -> dict[str, Any]:
    """A message in a messenger or a chat."""
    sender, posted = _open(request, source, RequestKind.MESSAGES)
    found: dict[str, Any] = {
        name: posted.text(name, required=True) for name in ("channel", "address", "text")
    }
    found |= {name: posted.text(name) for name in ("name", "phone", "email")}
    found |= {"tags": posted.words("tags"), "outside_id": posted.text("id", required=True)}
    posted.done()
    return _answer(intake.message(**found, now=timezone.now(), source=sender))


def _open(request: HttpRequest, code: str, kind: str) -> tuple[IntakeSource, Posted]:
    """The sender and what it posted. Errors: HookError."""
    source = IntakeSource.objects.filter(code=code, is_active=True).first()
    if source is None or kind not in source.kinds:
        raise HookError(404, _("There is no such source of requests."))
    return source, Posted(parse(verify(request, source.secret)))


def _answer(arrived: intake.Arrived) -> dict[str, Any]:
    return {
        "deal": arrived.deal.pk if arrived.deal else None,
        "repeated": arrived.is_repeated,
        "new": arrived.is_new,
    }


def _user(raw: str) -> User | None:
    """Who spoke, by e-mail or phone; a telephone exchange may know people that we don't."""
    if not raw:
        return None
    active = User.objects.filter(is_active=True)
    if "@" in raw:
        return active.filter(email__iexact=raw).first()
    try:
        return active.filter(phone=normalize_phone(raw)).first()
    except ValueError:
        return active.filter(phone=raw).first()
