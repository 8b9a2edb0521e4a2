"""The reports of the records; importing this registers them."""

from crm.analytics import breaches, forecast, funnel, plans, refusals, sales, work

__all__ = ["breaches", "forecast", "funnel", "plans", "refusals", "sales", "work"]
