"""What of a playbook's `company.yaml` the records hold: one module a subject, each section checked, loaded and exported."""

from crm.sections import deliveries, intake, lists, money, names, passwords, tags

__all__ = ["deliveries", "intake", "lists", "money", "names", "passwords", "tags"]
