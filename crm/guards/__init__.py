"""The guards over records, one module a subject; importing the package registers them all."""

from . import (
    calls,  # noqa: F401
    client,  # noqa: F401
    contacts,  # noqa: F401
    deliveries,  # noqa: F401
    invoices,  # noqa: F401
    messages,  # noqa: F401
    past,  # noqa: F401
    payments,  # noqa: F401
    tasks,  # noqa: F401
)
