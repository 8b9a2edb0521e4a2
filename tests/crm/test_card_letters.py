"""Letters and files of the card."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from crm.files import keeping as files
from crm.files import limits
from crm.models import File
from notifications.models import Message, Template
from pipelines.actor import Actor
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.mark.clause("AX-3.4")
def test_the_base_proposal_comes_with_its_two_files_and_one_is_taken_off(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    form = client.get(f"/deals/{deal.pk}/letter/", {"template": "send_base_kp"}, **HTMX)
    attached = form.context["attached"]
    assert [item.name for item in attached] == ["kp-rb.pdf", "kp-rf.pdf"]
    assert "Алексей Лукашевич" in form.content.decode()
    draft = form.context["form"].initial
    client.post(
        f"/deals/{deal.pk}/letter/",
        draft | {"template": "send_base_kp", "attached": attached[1].pk},
        **HTMX,
    )
    assert [item.name for item in Message.objects.get().files.all()] == ["kp-rf.pdf"]


@pytest.mark.clause("AX-3.3")
def test_the_proposal_goes_with_an_own_file_and_one_of_the_deals(client, alice):
    deal = make_deal(alice)
    kept = files.add_file(
        deal, SimpleUploadedFile("смета.pdf", b"%PDF"), by=Actor.person(alice), now=NOON
    )
    client.force_login(alice)
    draft = (
        client.get(f"/deals/{deal.pk}/letter/", {"template": "send_kp"}, **HTMX)
        .context["form"]
        .initial
    )
    own = SimpleUploadedFile("КП.pdf", b"%PDF", content_type="application/pdf")
    data = draft | {"template": "send_kp", "own_file": kept.pk, "upload": own}
    assert client.post(f"/deals/{deal.pk}/letter/", data, **HTMX).status_code == 204
    message = Message.objects.get()
    assert message.to == "lead@example.com"
    assert message.template.code == "send_kp"
    assert [item.name for item in message.files.all()] == ["смета.pdf", "КП.pdf"]


@pytest.mark.clause("AX-3.5")
def test_the_blank_letter_opens_with_the_signature_alone(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    draft = (
        client.get(f"/deals/{deal.pk}/letter/", {"template": "blank"}, **HTMX)
        .context["form"]
        .initial
    )
    assert draft["subject"] == ""
    assert "Алиса Белова" in draft["body"]


@pytest.mark.clause("AX-4.4")
def test_a_reactivating_letter_can_be_sent_again_and_again(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    draft = (
        client.get(f"/deals/{deal.pk}/letter/", {"template": "reactivation"}, **HTMX)
        .context["form"]
        .initial
    )
    for _time in range(2):
        assert (
            client.post(
                f"/deals/{deal.pk}/letter/", draft | {"template": "reactivation"}, **HTMX
            ).status_code
            == 204
        )
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": ""},
        {"to": "a@b, c@d"},
        {"body": " "},
        {"subject": "x" * 300},
        {"to": "a@example.com\nBcc: b@example.com"},
        {"body": "a\x00b"},
    ],
)
def test_a_letter_that_cant_go_is_kept_in_the_form(client, alice, wrong):
    deal = make_deal(alice, email="")
    client.force_login(alice)
    data = {"to": "lead@example.com", "subject": "Тема", "body": "Уникальный текст"} | wrong
    response = client.post(f"/deals/{deal.pk}/letter/", data, **HTMX)
    assert response.status_code == 422
    assert not Message.objects.exists()
    if "body" not in wrong:
        assert "Уникальный текст" in response.content.decode()


def test_a_formatted_template_left_as_it_is_keeps_its_formatting(client, alice):
    Template.objects.create(
        code="rich", name="Богатый", subject="Тема", body="<p>Добрый <b>день</b>, {contact}</p>"
    )
    deal = make_deal(alice)
    client.force_login(alice)
    draft = (
        client.get(f"/deals/{deal.pk}/letter/", {"template": "rich"}, **HTMX)
        .context["form"]
        .initial
    )
    assert "<" not in draft["body"]
    client.post(f"/deals/{deal.pk}/letter/", draft | {"template": "rich"}, **HTMX)
    client.post(
        f"/deals/{deal.pk}/letter/", draft | {"template": "rich", "body": "Иначе <b>"}, **HTMX
    )
    kept, changed = Message.objects.order_by("pk")
    assert "<b>день</b>" in kept.html
    assert "&lt;b&gt;" in changed.html


def test_a_template_of_another_company_is_not_offered(client, alice):
    Template.objects.create(code="foreign", playbook="other", name="Чужой", body="x")
    deal = make_deal(alice)
    client.force_login(alice)
    assert client.get(f"/deals/{deal.pk}/letter/", {"template": "foreign"}).status_code == 404


def upload(client, deal, name="КП.pdf", content=b"data", **extra):
    return client.post(
        f"/deals/{deal.pk}/files/", {"file": SimpleUploadedFile(name, content)}, **HTMX
    )


def test_a_file_is_kept_and_sent_as_a_download_to_those_who_see_the_deal_only(
    client, alice, charlie
):
    deal = make_deal(alice)
    client.force_login(alice)
    assert upload(client, deal, "page.html", b"<script>alert(1)</script>").status_code == 204
    file = File.objects.get()
    response = client.get(f"/files/{file.pk}/")
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"".join(response.streaming_content) == b"<script>alert(1)</script>"
    client.force_login(charlie)
    assert client.get(f"/files/{file.pk}/").status_code == 404
    assert client.post(f"/files/{file.pk}/remove/").status_code == 404
    assert upload(client, deal).status_code == 404


def test_an_empty_and_a_too_large_file_are_refused(client, alice, monkeypatch):
    deal = make_deal(alice)
    client.force_login(alice)
    assert upload(client, deal, content=b"").status_code == 422
    monkeypatch.setattr(limits, "SIZE_LIMIT", 3)
    assert upload(client, deal).status_code == 422
    assert client.post(f"/deals/{deal.pk}/files/", **HTMX).status_code == 422
    assert not File.objects.exists()


def test_a_removed_file_leaves_the_list_and_stays_in_the_feed(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    upload(client, deal)
    file = File.objects.get()
    assert client.post(f"/files/{file.pk}/remove/", **HTMX).status_code == 204
    page = client.get(f"/deals/{deal.pk}/")
    assert page.context["card"].files == []
    assert "КП.pdf" in page.content.decode()


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\Users\\КП.pdf", "КП.pdf"), (".htaccess", "htaccess"), ("", "file"), ("a\x00b\n.pdf", "ab.pdf"),
        ("счёт\u202egpj.exe", "счётgpj.exe"), ("  много   пробелов .pdf", "много пробелов .pdf"),
    ],
)  # fmt: skip
def test_a_files_name_is_made_safe(raw, kept):
    assert files.safe_name(raw) == kept


def test_a_long_files_name_keeps_its_ending():
    name = files.safe_name("я" * 400 + ".pdf")
    assert len(name) == files.NAME_LIMIT
    assert name.endswith(".pdf")
