"""Sums of money in words."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format

SIGNS = {"RUB": "₽", "BYN": "Br", "USD": "$", "EUR": "€", "KZT": "₸", "UAH": "₴"}


def say_sum(amount: Decimal, currency: str) -> str:
    """«1 000,50 $»; hundredths only where there are any."""
    places = 0 if amount == amount.to_integral_value() else 2
    return (
        f"{number_format(amount, places, force_grouping=True)}\u00a0{SIGNS.get(currency, currency)}"
    )
