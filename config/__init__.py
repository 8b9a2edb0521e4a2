# Celery's shared_task needs the app loaded as soon as Django is.
from config.celery import app as celery_app

__all__ = ["celery_app"]
