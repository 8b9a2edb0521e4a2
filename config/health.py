"""/healthz: is this web process able to work? For load balancers and container runtimes."""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError


def healthz(request: HttpRequest) -> JsonResponse:
    """200 where database and Redis answer, 503 where one does not; which one, and no more."""
    parts = {"database": _database(), "redis": _redis()}
    healthy = all(parts.values())
    words = {name: "ok" if answers else "unreachable" for name, answers in parts.items()}
    return JsonResponse(words, status=200 if healthy else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis() -> bool:
    try:
        cache.get("healthz")
    except RedisError:
        return False
    return True
