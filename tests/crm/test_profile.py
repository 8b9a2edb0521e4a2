"""One's own page: each part is saved by itself, nonsense is answered at its field, pictures are only pictures."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from crm import preferences
from crm.files import limits
from crm.models import User
from crm.profile import photos

pytestmark = pytest.mark.django_db

HABITS = {
    "time_zone": "Asia/Yekaterinburg",
    "language": "en",
    "theme": "dark",
    "remind": "60",
    "sound": "on",
}


@pytest.fixture
def page(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def picture(kind: str = "JPEG", size: tuple[int, int] = (400, 200), **more: Any) -> bytes:
    made = BytesIO()
    Image.new("RGB", size, "red").save(made, kind, **more)
    return made.getvalue()


def upload(page: Client, content: bytes, name: str = "photo.jpg") -> Any:
    return page.post("/profile/photo/", {"photo": SimpleUploadedFile(name, content)})


def test_the_page_offers_zones_by_city_and_the_time_they_have(page: Client) -> None:
    html = page.get("/profile/").content.decode()
    assert "Москва (UTC+3)" in html
    assert "Екатеринбург (UTC+5)" in html


def test_habits_are_kept_and_the_next_page_speaks_and_looks_so(page: Client, alice: User) -> None:
    page.post("/profile/habits/", HABITS)
    alice = User.objects.get(pk=alice.pk)
    assert (alice.time_zone, alice.language) == ("Asia/Yekaterinburg", "en")
    assert preferences.get(alice, "tasks.remind") == 60
    html = page.get("/profile/").content.decode()
    assert "My profile" in html
    assert 'data-bs-theme="dark"' in html.partition("<head>")[0]
    assert "data-sound" in html


@pytest.mark.parametrize("name", sorted(HABITS.keys() - {"sound"}))
def test_a_habit_that_nobody_offered_is_refused_at_its_field(page: Client, name: str) -> None:
    answer = page.post("/profile/habits/", HABITS | {name: "../../etc"})
    assert answer.status_code == 422
    assert f'id="id_{name}_error"' in answer.content.decode() or "is-invalid" in answer.content.decode()  # fmt: skip


def test_a_name_is_saved_and_an_empty_one_or_no_phone_is_not(page: Client, alice: User) -> None:
    said = {"first_name": "Алиса", "last_name": "Иванова", "phone": "8 (029) 111-22-33"}
    assert page.post("/profile/person/", said | {"phone": "нет"}).status_code == 422
    assert page.post("/profile/person/", said | {"last_name": ""}).status_code == 422
    alice.refresh_from_db()
    assert alice.last_name == "Белова"
    page.post("/profile/person/", said | {"phone": "+375 29 111-22-33", "is_superuser": "on"})
    alice.refresh_from_db()
    assert (alice.last_name, alice.phone) == ("Иванова", "+375291112233")
    assert not alice.is_superuser


def test_a_photo_is_turned_upright_cut_square_and_tells_nothing_else(
    page: Client, alice: User, media: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Камера".encode().decode("latin-1")
    half = Image.new("RGB", (400, 200), "red")
    half.paste("blue", (0, 0, 200, 200))
    made = BytesIO()
    half.save(made, "JPEG", exif=exif)
    upload(page, made.getvalue())
    alice.refresh_from_db()
    for side in photos.SIDES:
        answer = page.get(f"/photos/{alice.photo}/{side}/")
        with Image.open(BytesIO(b"".join(answer.streaming_content))) as kept:  # type: ignore[attr-defined]
            assert (kept.format, kept.size) == ("WEBP", (side, side))
            assert not kept.getexif()
            top: Any = kept.convert("RGB").getpixel((side // 2, 2))
            assert top[2] > 150 > top[0], "turned a quarter, the left half is above"
    assert f"/photos/{alice.photo}/96/" in page.get("/profile/").content.decode()
    assert Client().get(f"/photos/{alice.photo}/96/").status_code == 302


def test_a_new_photo_takes_the_place_of_the_former_and_removed_it_is_gone(
    page: Client, alice: User, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    upload(page, picture())
    alice.refresh_from_db()
    former = alice.photo
    with django_capture_on_commit_callbacks(execute=True):
        upload(page, picture("PNG"), "a.png")
    alice.refresh_from_db()
    assert not default_storage.exists(photos.path(former, 96))
    with django_capture_on_commit_callbacks(execute=True):
        page.post("/profile/photo/", {"remove": "1"})
    assert list((media / "photos").iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script>",
        b"",
        b"\x89PNG\r\n\x1a\n broken",
        picture(size=(400, 8)),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
    ids=["page", "empty", "broken", "thin", "svg"],
)
def test_what_is_no_picture_is_refused_whatever_its_name(
    page: Client, alice: User, media: Path, content: bytes
) -> None:
    answer = upload(page, content, "photo.png")
    assert answer.status_code == 422
    assert 'id="photo-error"' in answer.content.decode()
    alice.refresh_from_db()
    assert alice.photo == ""


def test_a_picture_of_more_than_ten_megabytes_is_refused(
    page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos, "SIZE_LIMIT", 100)
    said = upload(page, picture()).content.decode()
    assert "10 МБ" in said
    # So large that it was not even kept while it came in: told alike.
    monkeypatch.setattr(limits, "SIZE_LIMIT", 100)
    assert "10 МБ" in upload(page, picture()).content.decode()


@pytest.mark.parametrize("address", ["/photos/x/96/", f"/photos/{'a' * 32}/97/", f"/photos/{'a' * 32}/96/"])  # fmt: skip
def test_an_address_of_no_picture_is_not_found(page: Client, media: Path, address: str) -> None:
    assert page.get(address).status_code == 404
