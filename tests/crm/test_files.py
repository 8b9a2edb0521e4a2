"""Files of the cards: what they are by content, how large they may be, who gets them."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from crm.files import contents, limits
from crm.models import File
from tests.factories import make_deal

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}
SCRIPT = {"HTTP_ACCEPT": "application/json"}
PAGE = b"<!DOCTYPE html><script>alert(1)</script>"


def picture(kind="PNG", size=(900, 600)):
    made = BytesIO()
    Image.new("RGB", size, "teal").save(made, kind)
    return made.getvalue()


def send(client, url, *files, **headers):
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    return client.post(f"{url}files/", {"file": uploads}, **headers)


def test_a_page_called_a_picture_is_kept_told_of_and_only_ever_downloaded(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    answer = send(client, f"/deals/{deal.pk}/", ("схема.png", PAGE), **SCRIPT)
    assert answer.json()["kind"] == "warning"
    kept = File.objects.get()
    assert (kept.family, kept.disagrees, bool(kept.preview)) == ("page", True, False)
    sent = client.get(f"/files/{kept.pk}/")
    assert sent["Content-Disposition"].startswith("attachment")
    assert sent["Content-Type"] == "application/octet-stream"
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert client.get(f"/files/{kept.pk}/preview/").status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "family", "disagrees"),
    [
        ("a.png", picture(), "image", False),
        ("a.jpg", picture("WEBP"), "image", False),
        ("a.pdf", picture("JPEG"), "image", True),
        ("a.pdf", b"%PDF-1.7\n%", "pdf", False),
        ("a.txt", "Привет".encode(), "text", False),
        ("a.docx", b"PK\x03\x04" + b"\0" * 60, "office", False),
        ("счёт.pdf.exe", b"MZ" + b"\0" * 100, "program", False),
        ("счёт.pdf", b"MZ" + b"\0" * 100, "program", True),
        ("a.html", PAGE, "page", False),
        ("a.txt", b"  <script>alert(1)</script>", "page", True),
        ("a.bin", bytes(range(1, 200)), "", False),
    ],
)
def test_a_file_is_known_by_its_content(name, content, family, disagrees):
    assert contents.look(SimpleUploadedFile(name, content)) == contents.Content(family, disagrees)


def test_a_picture_gets_a_small_preview_that_a_page_may_show(client, alice, charlie):
    deal = make_deal(alice)
    client.force_login(alice)
    send(client, f"/deals/{deal.pk}/", ("фото.jpg", picture("JPEG", (3000, 2000))), **HTMX)
    kept = File.objects.get()
    shown = client.get(f"/files/{kept.pk}/preview/")
    assert shown["Content-Type"] == "image/webp"
    with Image.open(BytesIO(b"".join(shown.streaming_content))) as small:
        assert max(small.size) == contents.PREVIEW_SIDE
    assert f"/files/{kept.pk}/preview/" in client.get(f"/deals/{deal.pk}/").content.decode()
    client.force_login(charlie)
    assert client.get(f"/files/{kept.pk}/preview/").status_code == 404


def test_a_picture_that_would_unfold_into_too_much_or_is_broken_has_no_preview(monkeypatch):
    monkeypatch.setattr(contents, "PIXELS", 100 * 100)
    assert contents.preview(SimpleUploadedFile("a.png", picture(size=(200, 200)))) is None
    assert contents.preview(SimpleUploadedFile("a.png", picture()[:200])) is None


def test_what_is_too_large_is_read_past_and_named_and_the_rest_is_kept(client, alice, monkeypatch):
    deal = make_deal(alice)
    client.force_login(alice)
    monkeypatch.setattr(limits, "SIZE_LIMIT", 100_000)
    files = [("большой.bin", b"x" * 300_000), ("малый.txt", b"hello")]
    answer = send(client, f"/deals/{deal.pk}/", *files, **SCRIPT)
    assert answer.status_code == 422
    assert "большой.bin" in answer.json()["said"]
    assert [file.name for file in File.objects.all()] == ["малый.txt"]
    monkeypatch.setattr(limits, "REQUEST_LIMIT", 1000)
    answer = send(client, f"/deals/{deal.pk}/", ("ещё.bin", b"x" * 5000), **SCRIPT)
    assert answer.status_code == 422
    assert File.objects.count() == 1


@pytest.mark.parametrize("kind", ["contact", "company"])
def test_contacts_and_companies_keep_files_for_those_who_see_them(client, alice, charlie, kind):
    from crm.clients import people
    from pipelines.actor import Actor
    from tests.factories import NOON

    make = people.create_contact if kind == "contact" else people.create_company
    record = make(
        name="ООО Ромашка",
        phone="+375291112233",
        email="",
        owner=alice,
        by=Actor.person(alice),
        now=NOON,
    )
    url = record.get_absolute_url()
    client.force_login(charlie)
    assert send(client, url, ("a.txt", b"x"), **HTMX).status_code == 404
    client.force_login(alice)
    assert send(client, url, ("устав.pdf", b"%PDF-1.7"), **HTMX).status_code == 204
    kept = File.objects.get()
    assert "устав.pdf" in client.get(url).content.decode()
    client.force_login(charlie)
    assert client.get(f"/files/{kept.pk}/").status_code == 404
    assert client.post(f"/files/{kept.pk}/remove/", **HTMX).status_code == 404
    client.force_login(alice)
    assert client.post(f"/files/{kept.pk}/remove/", **HTMX).status_code == 204
    assert client.get(url).context["card"].files == []
