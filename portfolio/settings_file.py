"""settings.json of an export: what steers diagnoses and KPIs beside the facts. Upper rooms add sections."""

import json
from collections.abc import Callable
from datetime import time
from decimal import Decimal
from typing import Any

from django.db.models import Field

from accounts.models import Organization

# What decides how facts are read. Who may see what is not in it: a file never widens anybody's view, so that one of
# NARROWED can be turned off by it and never on.
ORGANIZATION = (
    "currency",
    "time_zone",
    "night_at",
    "fiscal_year_first_month",
    "late_renewal_grace_days",
    "defense_arr",
    "nrr_with_reactivation",
    "figures_per_person",
    "expansion_share",
    "priorities_a_day",
    "cooldown_days",
)
NARROWED = ("figures_per_person",)

type Write = Callable[[], Any]
type Read = Callable[[Any], None]
# Section: (function that returns what JSON can hold, function that takes it back and raises ValueError), both called
# inside the organization's context.
SECTIONS: dict[str, tuple[Write, Read]] = {}


def write_settings(organization: Organization) -> bytes:
    """The file's bytes; the same settings give the same bytes."""
    own = {name: _plain(getattr(organization, name)) for name in ORGANIZATION}
    content = {"organization": own} | {name: write() for name, (write, _read) in SECTIONS.items()}
    return (json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def read_settings(organization: Organization, content: bytes) -> None:
    """Take the settings of an export; raises ValueError or ValidationError where they are none.

    Undoing an import reads what was there before in the same way: what it turned off is turned on by people only.
    """
    parsed = json.loads(content)
    if not isinstance(parsed, dict) or not isinstance(parsed.get("organization"), dict):
        raise ValueError("no settings")
    for name, value in parsed["organization"].items():
        if name in ORGANIZATION:
            field = organization._meta.get_field(name)
            assert isinstance(field, Field)
            wanted = field.to_python(value)
            setattr(organization, name, wanted and getattr(organization, name) if name in NARROWED else wanted)
    organization.full_clean(validate_unique=False, validate_constraints=False)
    organization.save(update_fields=list(ORGANIZATION))
    for name, (_write, read) in SECTIONS.items():
        if name in parsed:
            read(parsed[name])


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f")
    return value.isoformat() if isinstance(value, time) else value
