"""The Celery application: what the beat says every few seconds, the workers do."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("reglament")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# In `crm`, `tasks` are those of people.
app.autodiscover_tasks(related_name="jobs")
