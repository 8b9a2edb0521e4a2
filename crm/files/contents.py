"""What a file is by its content, whatever it is called; and a small picture of it where it is an image."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile

if TYPE_CHECKING:
    from PIL import Image

# Enough for every signature that we ask for, and for the first tag of a web page.
LOOKED_AT = 8192
PREVIEW_SIDE = 640
# A small file may unfold into gigabytes. A JPEG is read at an eighth of its size, the others whole.
PIXELS = 25_000_000
JPEG_PIXELS = 120_000_000
# Formats that Pillow draws here; the rest of what it knows is not for strangers' files.
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")

# Families of types: what an ending promises, and what a content turns out to be.
_FAMILIES = {
    "image": "png jpg jpeg jfif gif webp bmp tif tiff heic heif avif ico",
    "drawing": "svg",
    "pdf": "pdf",
    "page": "html htm xhtml mhtml",
    "office": "docx xlsx pptx docm xlsm pptm odt ods odp doc xls ppt zip",
    "archive": "rar 7z gz tgz tar bz2 xz",
    "sound": "mp3 wav ogg oga opus m4a flac aac amr",
    "film": "mp4 mov avi mkv webm mpg mpeg wmv",
    "program": "exe dll scr msi bat cmd com jar sh ps1 vbs",
    "text": "txt csv json xml md log ini eml vcf ics yml yaml",
}  # fmt: skip
_FAMILY_OF = {ending: family for family, endings in _FAMILIES.items() for ending in endings.split()}
# Promises that a name makes of a content that has a signature; a `.txt` promises nothing one could check.
_CHECKED = {"image", "pdf", "office", "archive", "sound", "film"}
# The same containers serve two of them.
_ALIKE = [{"sound", "film"}, {"office", "archive"}]
_MARKUP = (
    b"<!doctype html",
    b"<html",
    b"<script",
    b"<head",
    b"<body",
    b"<iframe",
    b"<meta",
    b"<?php",
)
ICONS = {
    "image": "photo", "drawing": "vector", "pdf": "file-type-pdf", "page": "code", "office": "file-text",
    "archive": "file-zip", "sound": "headphones", "film": "movie", "program": "alert-triangle", "text": "file-text",
}  # fmt: skip


@dataclass(frozen=True)
class Content:
    """`family` is a key of ICONS, empty where the content says nothing."""

    family: str
    # The name promises something else than what is inside.
    disagrees: bool


def look(upload: Any) -> Content:
    """What an uploaded file is; it is left at its beginning."""
    upload.seek(0)
    head = upload.read(LOOKED_AT)
    upload.seek(0)
    family, promised = _family(head), _FAMILY_OF.get(_ending(str(upload.name)), "")
    checked = promised in _CHECKED and not any({family, promised} <= pair for pair in _ALIKE)
    # Active content under a harmless name is told of, whatever the name promises.
    active = family in ("page", "drawing", "program") and promised not in (family, "page", "")
    return Content(family, disagrees=(checked and family != promised) or active)


def family_of_name(name: str) -> str:
    """What the ending promises: for files kept before their content was looked into."""
    return _FAMILY_OF.get(_ending(name), "")


def icon_of(family: str) -> str:
    return ICONS.get(family, "file")


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix.lower().removeprefix(".")


def _family(head: bytes) -> str:
    import puremagic

    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(_MARKUP):
        return "page"
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return "text" if _is_text(head) else ""
    known = (_FAMILY_OF.get(match.extension.removeprefix(".")) for match in found)
    return next((family for family in known if family), "text" if _is_text(head) else "")


def _is_text(head: bytes) -> bool:
    try:
        # The last sign may be cut in two.
        head[:-4].decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in head


def preview(upload: Any) -> ContentFile | None:
    """A small WebP of an image; None of what is no image, is broken, or would unfold into too much."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    upload.seek(0)
    try:
        with Image.open(upload, formats=FORMATS) as image:
            width, height = image.size
            if width * height > (JPEG_PIXELS if image.format == "JPEG" else PIXELS):
                return None
            image.draft("RGB", (PREVIEW_SIDE, PREVIEW_SIDE))
            small = ImageOps.exif_transpose(image)
            small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
            drawn = small.convert("RGBA" if _is_clear(small) else "RGB")
            made = BytesIO()
            drawn.save(made, "WEBP", quality=80)
    except (
        UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError,
    ):  # fmt: skip
        return None
    finally:
        upload.seek(0)
    return ContentFile(made.getvalue())


def _is_clear(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
