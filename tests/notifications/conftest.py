from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from crm.models import Deal, User
from notifications.models import Template
from tests.factories import make_deal
from tests.fixtures.smtp import Postbox, _Controller


@pytest.fixture
def deal(alice: User) -> Deal:
    """A deal of alice's, whose contact is Алексей Лукашевич <lead@example.com>."""
    alice.phone = "+375 17 200-00-00"
    alice.save()
    return make_deal(alice, answers={"budget": "150000"})


@pytest.fixture
def template(axelerator: None) -> Template:
    return Template.objects.create(
        code="greeting",
        playbook="axelerator",
        name="Приветствие",
        subject="Здравствуйте, {contact}",
        body="Пишет {manager}, {manager_phone}, о сделке «{deal}» на {budget}.",
    )


@pytest.fixture(autouse=True)
def mail_folder(settings, tmp_path: Path) -> Path:
    """Letters and attachments of one test stay in its own folder."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    return tmp_path / "mail"


class Stalling(Postbox):
    """A server that falls silent, or leaves, before any letter is in its hands."""

    silent_at: str = ""
    leaves_at: str = ""

    async def _step(self, name: str, server: SMTP) -> None:
        if self.silent_at == name:
            await asyncio.sleep(3600)
        if self.leaves_at == name:
            assert server.transport is not None
            server.transport.abort()

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._step("MAIL", server)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._step("RCPT", server)
        return await super().handle_RCPT(server, session, envelope, address, options)


@pytest.fixture
def stalling_server(settings) -> Iterator[Stalling]:
    postbox = Stalling()
    controller = _Controller(postbox, hostname=postbox.host, port=0)
    controller.start()
    postbox.port = controller.port
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = postbox.host, postbox.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 1
    yield postbox
    controller.stop()
