"""How large what people send may be: refused while it comes in, before it fills memory or the disk."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload

SIZE_LIMIT = 25 * 1024 * 1024
# Of one request: a dozen of the largest files. What is longer is not even read to its end.
REQUEST_LIMIT = 12 * SIZE_LIMIT
# Views, by name, that take larger files; they say so in their forms.
LARGER = {"crm:import_new": 50 * 1024 * 1024}


class TooLargeIsSkipped(FileUploadHandler):
    """Stands before Django's own handlers: a file beyond the limit is read past and not kept.

    The rest of the request is still read, so that the browser hears an answer and no broken connection; the view
    learns the names by `too_large(request)`.
    """

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        self.announced = content_length
        asked = getattr(self.request, "resolver_match", None)
        self.limit = LARGER.get(asked.view_name, SIZE_LIMIT) if asked else SIZE_LIMIT

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.taken = 0
        if self.announced > REQUEST_LIMIT:
            _names(self.request).append(str(self.file_name or ""))
            raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.taken += len(raw_data)
        if self.taken > self.limit:
            _names(self.request).append(str(self.file_name or ""))
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


def too_large(request: Any) -> list[str]:
    """The names of the files of the request that were beyond the limit."""
    # They are read when the form is.
    _asked = request.POST
    return _names(request)


def _names(request: Any) -> list[str]:
    if not hasattr(request, "files_too_large"):
        request.files_too_large = []
    names: list[str] = request.files_too_large
    return names
