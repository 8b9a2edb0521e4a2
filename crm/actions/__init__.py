"""What rules can do to records, one module a subject; importing the package registers them all."""

from . import deal, deliveries, invoices, payments, people, scenarios, violation  # noqa: F401
