"""A sentence for a command that found no database or no broker."""

from django.conf import settings

from config.services.manager import Services


def why_unreachable(error: Exception) -> str | None:
    """What to do, or None where the servers run and the error means something else."""
    if settings.EMBEDDED_SERVICES:
        if Services(settings.VAR_DIR).healthy():
            return None
        return (
            "PostgreSQL and Valkey do not run. Start all of Reglament with `make run`, or the "
            "two alone with `python manage.py services start`, or name servers of your own in "
            "DATABASE_URL and REDIS_URL."
        )
    told = str(error).strip().splitlines()[0]
    return f"A server named in DATABASE_URL or REDIS_URL cannot be reached: {told}"
