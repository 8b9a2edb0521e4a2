"""Front-end packages: from node_modules to /static/vendor/, only what pages use.

The folder of a package holds ten times what a browser is ever sent (sources, maps, other
builds); collecting all of it would make every start slow.
"""

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

# prefix under /static/ → (folder under node_modules, patterns of paths in it)
PACKAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "vendor/tabler": (
        "@tabler/core/dist",
        ("css/tabler.min.css", "css/tabler-vendors.min.css", "js/tabler.min.js"),
    ),
    "vendor/icons": (
        "@tabler/icons-webfont/dist",
        ("tabler-icons.min.css", "fonts/tabler-icons.woff2"),
    ),
    "vendor/htmx": ("htmx.org/dist", ("htmx.min.js", "ext/*.js")),
    "vendor/idiomorph": ("idiomorph/dist", ("idiomorph-ext.min.js",)),
    "vendor/sortable": ("sortablejs", ("Sortable.min.js",)),
    "vendor/tom-select": (
        "tom-select/dist",
        ("js/tom-select.complete.min.js", "css/tom-select.bootstrap5.min.css"),
    ),
    "vendor/echarts": ("echarts/dist", ("echarts.min.js",)),
    "vendor/fullcalendar": ("fullcalendar", ("index.global.min.js",)),
    "vendor/fullcalendar-locales": ("@fullcalendar/core/locales", ("ru.global.min.js",)),
}


class NpmFinder(BaseFinder):
    """Finds `vendor/tabler/css/tabler.min.css` in node_modules/@tabler/core/dist/css/."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        root = os.path.join(settings.BASE_DIR, "node_modules")
        self.storages: dict[str, FileSystemStorage] = {}
        for prefix, (folder, _) in PACKAGES.items():
            storage = FileSystemStorage(location=os.path.join(root, folder))
            storage.prefix = prefix  # type: ignore[attr-defined]  # read by collectstatic
            self.storages[prefix] = storage

    def check(self, **kwargs: Any) -> list[Any]:
        """Nothing to complain of: before the set-up the folders are rightly missing."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = []
        for prefix, storage in self.storages.items():
            inner = path.removeprefix(f"{prefix}/")
            if inner != path and _wanted(prefix, inner) and storage.exists(inner):
                found.append(storage.path(inner))
        return found if find_all else (found[0] if found else [])

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        for prefix, storage in self.storages.items():
            for inner in _files(str(storage.location)):
                if _wanted(prefix, inner) and not matches_patterns(inner, ignore_patterns or ()):
                    yield inner, storage


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Hashed names, but packages may mention files that we do not serve.

    Those are source maps and fonts in formats that no browser of today asks for.
    """

    def hashed_name(self, name: str, *args: Any, **kwargs: Any) -> str:
        try:
            return str(super().hashed_name(name, *args, **kwargs))
        except ValueError:
            if name.startswith("vendor/"):
                return name
            raise


def _wanted(prefix: str, inner: str) -> bool:
    return any(fnmatch(inner, pattern) for pattern in PACKAGES[prefix][1])


def _files(root: str) -> Iterator[str]:
    for folder, _, names in os.walk(root):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
