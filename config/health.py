"""/healthz: is this web process able to work? For load balancers and container runtimes."""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError


def healthz(request: HttpRequest) -> JsonResponse:
    """200 where the database answers, 503 where it does not; and whether Redis does, without which pages still work.

    A balancer that took every process away while Redis restarts would make an outage of a delay.
    """
    parts = {"database": _database(), "redis": _redis()}
    words = {name: "ok" if answers else "unreachable" for name, answers in parts.items()}
    return JsonResponse(words, status=200 if parts["database"] else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis() -> bool:
    try:
        cache._cache.get_client().ping()  # type: ignore[attr-defined]  # the cache itself forgives
    except RedisError:
        return False
    return True
