"""How the commands name an organization, as those of the facts do, and its nights."""

from argparse import ArgumentTypeError
from datetime import date

from portfolio.management.organizations import add_organization_argument, organization_named

__all__ = ["add_organization_argument", "organization_named", "parse_day"]


def parse_day(text: str) -> date:
    """An ISO 8601 day; argparse shows the reason where it is not one."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day such as 2026-11-21") from None
