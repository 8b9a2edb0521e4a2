from __future__ import annotations

from pathlib import Path

import pytest

# It takes as long as half of the others together: begun last, it would leave the other worker idle.
LONGEST = "test_every_page_fits_and_speaks_the_readers_language"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest test first, so that workers end together."""
    items.sort(key=lambda item: item.name != LONGEST)


@pytest.fixture(autouse=True)
def mail_folder(settings, tmp_path: Path) -> Path:
    """Letters and attachments of one test stay in its own folder."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    return tmp_path / "mail"
