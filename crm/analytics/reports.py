"""The reports of the records; importing this registers them."""

from crm.analytics import breaches, forecast, funnel, refusals, sales, work

__all__ = ["breaches", "forecast", "funnel", "refusals", "sales", "work"]
