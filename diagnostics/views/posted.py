"""Posted values of acts: days, amounts, members. What cannot be read is refused in a sentence."""

from datetime import date
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from accounts.web import MemberRequest
from diagnostics.queries.choices import find_product, is_active_member
from portfolio.changes import ChangeRefused
from portfolio.models import Product


def read_day(request: MemberRequest, name: str) -> date | None:
    """A posted day, None where the field is empty; raises ChangeRefused for what is no day."""
    text = request.POST.get(name, "").strip()
    try:
        day = parse_date(text) if text else None
    except ValueError:
        day = None
    if text and day is None:
        raise ChangeRefused(_("Write the day as 2026-11-21."))
    return day


def read_whole(request: MemberRequest, name: str) -> int:
    """A whole number that the page itself sent; -1, which nothing has, for anything else."""
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 9 else -1


def read_amount(request: MemberRequest, name: str) -> Decimal | None:
    """A posted amount, None where the field is empty; raises ChangeRefused for what is no number."""
    text = "".join(request.POST.get(name, "").split())
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or len(text) > 20:
        raise ChangeRefused(_("Write the amount in digits, as 12000 or 12000.50."))
    return amount


def read_member(request: MemberRequest, name: str) -> str:
    """A posted member's address, '' where nobody is named; raises ChangeRefused for anybody else's."""
    email = request.POST.get(name, "").replace("\0", "").strip().lower()
    if email and not is_active_member(email):
        raise ChangeRefused(_("The owner of a step is a member of this organization."))
    return email


def read_product(request: MemberRequest, name: str) -> Product | None:
    """A posted product, None where none is chosen; raises ChangeRefused for one that is not sold here."""
    text = request.POST.get(name, "").strip()
    if not text:
        return None
    try:
        product = find_product(UUID(text))
    except ValueError:
        product = None
    if product is None:
        raise ChangeRefused(_("This product is not in the catalogue."))
    return product
