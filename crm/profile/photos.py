"""A person's picture: what it is by its content, turned upright, cut square, in two sizes, with nothing else in it."""

from __future__ import annotations

import secrets
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm.models import User
from pipelines.errors import BadAnswer
from pipelines.transactions import verb

if TYPE_CHECKING:
    from PIL import Image

SIZE_LIMIT = 10 * 2**20
# Pixels; twice what pages show, for screens of double density.
SIDES = (96, 320)
# A small file may unfold into gigabytes. A JPEG is read at a part of its size, the others whole.
PIXELS = 25_000_000
JPEG_PIXELS = 120_000_000
SMALLEST = 32
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_TYPES = {"image/png", "image/jpeg", "image/webp", "image/gif"}
TOO_LARGE = gettext_noop("The picture is larger than 10 MB. Choose a smaller one.")
NO_PICTURE = gettext_noop("This is no picture. Choose a JPEG, PNG, WebP or GIF.")


@verb
def set_photo(user: User, upload: Any) -> None:
    """Keep the picture in its sizes instead of the former one. Errors: BadAnswer."""
    drawn = draw(upload)
    name = secrets.token_hex(16)
    for side, content in drawn.items():
        default_storage.save(path(name, side), ContentFile(content))
    _change(user, name)


@verb
def remove_photo(user: User) -> None:
    _change(user, "")


def path(name: str, side: int) -> str:
    """Where the picture lies in the storage. The name is nobody's to guess, and changes with the picture."""
    return f"photos/{name}-{side}.webp"


def draw(upload: Any) -> dict[int, bytes]:
    """WebP by side. Errors: BadAnswer for what is too large, no picture, too small, or would unfold into too much."""
    import puremagic
    from PIL import Image, ImageOps, UnidentifiedImageError

    if upload.size > SIZE_LIMIT:
        raise BadAnswer({"photo": _(TOO_LARGE)})
    upload.seek(0)
    head = upload.read(8192)
    upload.seek(0)
    try:
        types = {match.mime_type for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        types = set()
    if not types & _TYPES:
        raise BadAnswer({"photo": _(NO_PICTURE)})
    try:
        with Image.open(upload, formats=FORMATS) as image:
            if image.width * image.height > (JPEG_PIXELS if image.format == "JPEG" else PIXELS):
                raise BadAnswer({"photo": _("The picture has too many pixels.")})
            if min(image.size) < SMALLEST:
                raise BadAnswer({"photo": _("The picture is too small.")})
            image.draft("RGB", (2 * SIDES[-1], 2 * SIDES[-1]))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        raise BadAnswer({"photo": _(NO_PICTURE)}) from None
    return {side: _cut(upright, side) for side in SIDES}


def _cut(image: Image.Image, side: int) -> bytes:
    """The middle, a bit above it: faces are there. Only pixels are written, no camera, no place."""
    from PIL import ImageOps

    made = BytesIO()
    ImageOps.fit(image, (side, side), centering=(0.5, 0.4)).save(made, "WEBP", quality=85)
    return made.getvalue()


def _change(user: User, name: str) -> None:
    former = User.objects.select_for_update().values_list("photo", flat=True).get(pk=user.pk)
    user.photo = name
    user.save(update_fields=["photo"])
    if former:
        transaction.on_commit(lambda: _forget(former))


def _forget(name: str) -> None:
    for side in SIDES:
        default_storage.delete(path(name, side))
