"""The Celery application: what the beat says every few seconds, the workers do."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import worker_before_create_process

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("reglament")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# In `crm`, `tasks` are those of people.
app.autodiscover_tasks(related_name="jobs")


@worker_before_create_process.connect
def _share_what_is_loaded(**_about: Any) -> None:
    """A collector that walks everything would write to each page of memory that forked workers share."""
    gc.freeze()
