"""Payments, invoices and what a deal owes."""
