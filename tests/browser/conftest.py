from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def mail_folder(settings, tmp_path: Path) -> Path:
    """Letters and attachments of one test stay in its own folder."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    return tmp_path / "mail"
