"""What is sold and how it is paid, as sections of a playbook's `company.yaml`.

packages:
  - {package: full, name: Полный курс, prices: {USD: 900, EUR: 850}}
payments:
  package: package
  discount: discount
  prepayment: {USD: 100, EUR: 49}
invoices:
  - {invoice: services, name: Счет за услуги, share: 50, of: budget, template: invoice, purpose: …, details: …}

`package` and `discount` name fields of the deal. `of` is `budget`, another money field, `package` (its price) or `due`
(what is not paid yet); `when` keeps a kind of invoice for deals whose field holds one of the values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from crm.models import InvoiceKind, Package, PaymentTerms
from crm.sections.rows import settle, unknown_keys
from pipelines import registry
from pipelines.fields import parse_money, parse_number

PACKAGE_KEYS = ("package", "name", "prices")
TERMS_KEYS = ("package", "discount", "prepayment")
INVOICE_KEYS = ("invoice", "name", "share", "of", "when", "purpose", "details", "template")


def check_packages(rows: Any, folder: Path) -> Iterator[str]:
    yield from _check_rows(rows, "package", PACKAGE_KEYS, _package_problems)


def _package_problems(row: dict[str, Any]) -> Iterator[str]:
    yield from _sums("prices", row.get("prices"))
    if not row.get("name"):
        yield _("“name” is missing")


def check_terms(rows: Any, folder: Path) -> Iterator[str]:
    if not isinstance(rows, dict):
        yield _("here must stand a mapping (key: value)")
        return
    yield from unknown_keys(rows, TERMS_KEYS)
    yield from _sums("prepayment", rows.get("prepayment") or {})


def check_invoices(rows: Any, folder: Path) -> Iterator[str]:
    yield from _check_rows(rows, "invoice", INVOICE_KEYS, _invoice_problems)


def _invoice_problems(row: dict[str, Any]) -> Iterator[str]:
    for key in ("name", "template"):
        if not row.get(key):
            yield _("“%(key)s” is missing") % {"key": key}
    try:
        share = parse_number(row.get("share", 100))
    except ValueError as error:
        yield f"share: {error}"
    else:
        if not 0 < share <= 100:
            yield "share: " + _("must be more than 0 and at most 100")
    when = row.get("when") or {}
    if not isinstance(when, dict) or not all(isinstance(among, list) for among in when.values()):
        yield "when: " + _("must be a mapping of fields to lists of values")


def _check_rows(
    rows: Any, key: str, known: tuple[str, ...], problems: Callable[[dict[str, Any]], Iterator[str]]
) -> Iterator[str]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        yield _("here must stand a list of mappings (key: value)")
        return
    codes = [str(row.get(key) or "") for row in rows]
    for row, code in zip(rows, codes, strict=True):
        place = f"{code or '?'}: "
        if not code or codes.count(code) > 1:
            yield place + _("“%(key)s” must stand here, each once") % {"key": key}
        yield from (place + problem for problem in unknown_keys(row, known))
        yield from (place + problem for problem in problems(row))


def _sums(key: str, sums: Any) -> Iterator[str]:
    if not isinstance(sums, dict):
        yield f"{key}: " + _("must be sums by currency: {USD: 100}")
        return
    for currency, amount in sums.items():
        try:
            good = parse_money(amount) > 0
        except ValueError:
            good = False
        if not good or len(currency) != 3 or not currency.isupper():
            yield f"{key}: " + _("must be sums by currency: {USD: 100}")


def load_packages(playbook: str, folder: Path, rows: Any, now: datetime) -> None:
    _load(Package, playbook, "package", rows, lambda row: {
        "name": str(row["name"]),
        "prices": _stored(row["prices"]),
    })  # fmt: skip


def load_terms(playbook: str, folder: Path, rows: Any, now: datetime) -> None:
    if not rows:
        PaymentTerms.objects.filter(playbook=playbook).delete()
        return
    columns: dict[str, Any] = {key: str(rows.get(key) or "") for key in ("package", "discount")}
    columns["prepayment"] = _stored(rows.get("prepayment") or {})
    PaymentTerms.objects.update_or_create(playbook=playbook, defaults=columns)


def load_invoices(playbook: str, folder: Path, rows: Any, now: datetime) -> None:
    _load(InvoiceKind, playbook, "invoice", rows, lambda row: {
        "name": str(row["name"]),
        "share": Decimal(str(row.get("share", 100))),
        "of": str(row.get("of") or "budget"),
        "when": row.get("when") or {},
        "purpose": str(row.get("purpose") or ""),
        "details": str(row.get("details") or ""),
        "template": str(row["template"]),
    })  # fmt: skip


def _load(
    model: type[models.Model],
    playbook: str,
    key: str,
    rows: Any,
    columns: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    """Make the playbook's rows be these, found by code; what is gone goes."""
    rows_of: Any = model._default_manager.filter(playbook=playbook)
    known: dict[str, Any] = {row.code: row for row in rows_of}
    wanted = [
        (str(row[key]), columns(row) | {"position": position})
        for position, row in enumerate(rows or [])
    ]
    settle(known, wanted, lambda code: model(playbook=playbook, code=code))


def _stored(sums: dict[str, Any]) -> dict[str, str]:
    return {currency: str(parse_money(amount)) for currency, amount in sums.items()}


def export_packages(playbook: str) -> list[dict[str, Any]]:
    return [
        {"package": row.code, "name": row.name, "prices": _numbers(row.prices)}
        for row in Package.objects.filter(playbook=playbook)
    ]


def export_terms(playbook: str) -> dict[str, Any]:
    row = PaymentTerms.objects.filter(playbook=playbook).first()
    if row is None:
        return {}
    said = {
        "package": row.package,
        "discount": row.discount,
        "prepayment": _numbers(row.prepayment),
    }
    return {key: value for key, value in said.items() if value}


def export_invoices(playbook: str) -> list[dict[str, Any]]:
    rows = []
    for row in InvoiceKind.objects.filter(playbook=playbook):
        said = {
            "invoice": row.code, "name": row.name, "share": _number(row.share), "of": row.of, "when": row.when,
            "purpose": row.purpose, "details": row.details, "template": row.template,
        }  # fmt: skip
        rows.append({key: value for key, value in said.items() if value})
    return rows


def _numbers(sums: dict[str, Any]) -> dict[str, Any]:
    return {currency: _number(Decimal(str(sums[currency]))) for currency in sorted(sums)}


def _number(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


registry.section(registry.Section("packages", check_packages, load_packages, export_packages))
registry.section(registry.Section("payments", check_terms, load_terms, export_terms))
registry.section(registry.Section("invoices", check_invoices, load_invoices, export_invoices))
