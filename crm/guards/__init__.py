"""The guards over records, one module a subject; importing the package registers them all."""

from . import client  # noqa: F401
