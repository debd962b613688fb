"""Diagnoses written by hand: exact scores, for what the screens show of them."""

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Organization
from diagnostics.model_versions import ensure_model_version, read_model
from diagnostics.models import Diagnosis, Night
from portfolio.models import Account

NIGHT = date(2026, 11, 18)
MONTH_AGO = NIGHT - timedelta(days=30)


def make_account(name: str, **fields: Any) -> Account:
    """An account of the open context's organization."""
    return Account.objects.create(source_id=fields.pop("source_id", name), name=name, **fields)


def diagnose_by_hand(
    *found: tuple[Account, dict[str, Any]], night: date = NIGHT, continued: date | None = None
) -> Night:
    """One night with these diagnoses; what is not given is unremarkable. Needs an open context."""
    organization = Organization.objects.get()
    version = ensure_model_version(organization)
    model = read_model(version)
    rows = [
        Diagnosis(
            organization_id=organization.id,
            account=account,
            night=night,
            **{**_unremarkable(len(model.names), len(model.figures)), **fields},
        )
        for account, fields in found
    ]
    Diagnosis.objects.bulk_create(rows)
    record, _ = Night.objects.update_or_create(
        night=night,
        defaults={
            "organization_id": organization.id,
            "model_version": version,
            "continued": continued,
            "accounts": len(rows),
            "withheld": sum(row.health is None for row in rows),
            "arr": sum((Decimal(row.arr or 0) for row in rows), Decimal(0)),
            "movements": 0,
            "priorities": 0,
            "finished_at": timezone.now(),
            "seconds": 0.1,
        },
    )
    return record


def make_book(count: int, *, owner: str = "", **fields: Any) -> list[Account]:
    """`count` accounts in bulk, each with its own name."""
    rows = [
        Account(
            id=uuid.uuid4(),
            organization=Organization.objects.get(),
            source_id=f"n{number}",
            name=f"Account {number:03}",
            csm_email=owner,
            **fields,
        )
        for number in range(count)
    ]
    return Account.objects.bulk_create(rows)


def _unremarkable(points: int, figures: int) -> dict[str, Any]:
    return {
        "arr": Decimal(12_000),
        "health": 70.0,
        "potential": 42.0,
        "segment": "regular_follow_up",
        "value_segment": "B",
        "lever": "",
        "value_at_risk": 0,
        "expansion_potential_arr": 0,
        "upsell_arr": 0,
        "seats_arr": 0,
        "usage_arr": 0,
        "cross_sell_arr": 0,
        "price_arr": 0,
        "confidence": 1.0,
        "sources": [3, 3, 3, 3],
        "points": [0.0] * points,
        "values": [None] * figures,
        "fragile": False,
        "high_potential": False,
        "fragile_nights": 0,
        "recovered_nights": 0,
        "healthy_nights": 30,
        "nights": 30,
    }
