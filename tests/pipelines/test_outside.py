"""The third door: what leaves the machine goes through the outbox. The code is read, so that nobody can forget it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.pipelines.source import APPS, sources

OUTSIDE = {
    "smtplib",
    "requests",
    "httpx",
    "urllib3",
    "aiohttp",
    "urllib.request",
    "http.client",
    "ftplib",
    "telnetlib",
}
MAIL = "django.core.mail"
# Django's own senders of letters, by method or by class.
SENDERS = {
    "email_user",
    "send_mail",
    "send_mass_mail",
    "send_messages",
    "mail_admins",
    "mail_managers",
    "PasswordResetForm",
    "PasswordResetView",
    "AdminEmailHandler",
}
# Nothing but the channels sends.
MAY_SEND = ("notifications/channels/",)
# The supervisor asks its own web server whether it is up; it knows no other address.
ASKS_ITSELF = {("config/run.py", "urllib.request")}


def _leaving(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Where the code could speak to the outside, and by what."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute):
            names = [node.attr]
        for name in names:
            if (
                name in OUTSIDE
                or name.startswith(tuple(f"{module}." for module in (*OUTSIDE, MAIL)))
                or name == MAIL
                or name.rsplit(".", 1)[-1] in SENDERS
            ):
                yield node, name
                break


def test_what_leaves_the_machine_goes_through_the_outbox() -> None:
    found = []
    for name, tree in sources(*APPS, but=MAY_SEND):
        found += [
            f"{name}:{getattr(node, 'lineno', 0)} {by}"
            for node, by in _leaving(tree)
            if (name, by) not in ASKS_ITSELF
        ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "from django.core.mail import send_mail",
        "from django.core.mail import EmailMessage as Letter",
        "from django.core import mail",
        "import django.core.mail",
        "from django.core.mail.backends.smtp import EmailBackend",
        "import smtplib",
        "from smtplib import SMTP",
        "from urllib import request",
        "from http import client",
        "import urllib3.util",
        "user.email_user('a', 'b')",
        "from django.contrib.auth import views\nclass Reset(views.PasswordResetView): ...",
        "from django.contrib.auth.forms import PasswordResetForm",
    ],
)
def test_the_scan_would_see_a_letter_that_goes_around_the_outbox(code: str) -> None:
    assert len(list(_leaving(ast.parse(code)))) == 1


def test_the_scan_sees_how_the_channels_send() -> None:
    assert any(list(_leaving(tree)) for _name, tree in sources("notifications/channels"))


def test_a_fault_writes_no_letter_to_administrators(settings) -> None:
    """Django's own logging mails errors, with what was in the request, to whoever is named here."""
    assert list(settings.ADMINS) == list(settings.MANAGERS) == []
