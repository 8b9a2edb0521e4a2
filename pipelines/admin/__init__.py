"""The regulation's administration: what people change here is in force at the next request, as a new edition."""

from . import edition, feed, pipeline, places, rule, runs, schedule, violation

__all__ = ["edition", "feed", "pipeline", "places", "rule", "runs", "schedule", "violation"]
