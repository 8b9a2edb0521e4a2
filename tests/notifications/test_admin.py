"""The outbox and the templates in the admin."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crm.models import Deal, User
from notifications import letters, outbox
from notifications.models import Message, Template
from pipelines.actor import Actor
from tests.factories import NOON
from tests.fixtures.smtp import Postbox

OUTBOX = "/admin/notifications/message/"
TEMPLATES = "/admin/notifications/template/"


@pytest.fixture
def office(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def test_a_failed_letter_is_sent_again_from_the_outbox(
    office: Client, deal: Deal, smtp_server: Postbox
) -> None:
    smtp_server.mode = "refuse"
    letter = letters.queue_letter(
        deal=deal, subject="Первая", body="т", by=Actor.person(deal.owner), now=NOON
    )
    outbox.deliver_one_due(NOON)
    page = office.get(OUTBOX, {"status__exact": "failed"})
    assert "Первая" in page.content.decode()
    assert "550" in page.content.decode()
    office.post(OUTBOX, {"action": "send_again", "_selected_action": [letter.pk]})
    letter.refresh_from_db()
    assert (letter.status, letter.attempts) == ("queued", 0)
    assert deal.events.filter(verb="letter.queued").latest("pk").actor.email == "admin@example.com"
    again = office.post(
        OUTBOX, {"action": "send_again", "_selected_action": [letter.pk]}, follow=True
    )
    assert [message.level_tag for message in again.context["messages"]] == ["success", "error"]
    assert deal.events.filter(verb="letter.queued").count() == 2


def test_the_outbox_is_read_only(office: Client, deal: Deal) -> None:
    letter = letters.queue_letter(
        deal=deal, subject="т", body="т", by=Actor.person(deal.owner), now=NOON
    )
    assert office.get(f"{OUTBOX}{letter.pk}/change/").status_code == 200
    assert office.post(f"{OUTBOX}{letter.pk}/change/", {"subject": "иная"}).status_code == 403
    assert office.get(f"{OUTBOX}add/").status_code == 403
    assert Message.objects.get().subject == "т"


def test_a_template_with_an_unknown_placeholder_is_not_saved(
    office: Client, axelerator: None
) -> None:
    form = {
        "name": "Новое", "code": "new", "playbook": "axelerator", "kind": "email", "subject": "", "is_active": "on",
        "body": "Здравствуйте, {имя}!", "files-TOTAL_FORMS": 0, "files-INITIAL_FORMS": 0,
    }  # fmt: skip
    refused = office.post(f"{TEMPLATES}add/", form)
    assert "{имя}" in refused.content.decode()
    assert not Template.objects.filter(code="new").exists()
    assert (
        office.post(f"{TEMPLATES}add/", form | {"body": "Здравствуйте, {contact}!"}).status_code
        == 302
    )
    assert Template.objects.filter(code="new").exists()
    assert "{manager_phone}" in office.get(f"{TEMPLATES}add/").content.decode()


def test_only_a_letters_template_is_saved_with_files(
    client: Client, administrator: User, template: Template
) -> None:
    client.force_login(administrator)
    url = f"/admin/notifications/template/{template.pk}/change/"
    data = {
        "name": "Приветствие", "code": "greeting", "playbook": "axelerator", "kind": "sms", "subject": "",
        "body": "Здравствуйте!", "is_active": "on", "files-TOTAL_FORMS": "1", "files-INITIAL_FORMS": "0",
        "files-0-name": "КП.pdf", "files-0-position": "0",
        "files-0-file": SimpleUploadedFile("a.pdf", b"%PDF"),
    }  # fmt: skip
    answer = client.post(url, data)
    assert answer.status_code == 200
    assert "Файлы бывают только у письма." in answer.content.decode()
    template.refresh_from_db()
    assert template.kind == "email"
    data |= {"kind": "email", "files-0-file": SimpleUploadedFile("a.pdf", b"%PDF")}
    assert client.post(url, data).status_code == 302
    assert template.files.count() == 1
