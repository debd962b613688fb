"""Who looked at a diagnosis: an account's page open for ten seconds, once per member, account and day."""

import uuid

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import audit
from accounts.models import Membership
from portfolio.changes import local_day
from portfolio.models import Account, Act

KIND = "looked"


def record_look(*, membership: Membership, account: Account) -> bool:
    """Note that the member looked at the account's diagnosis today; False where that is noted already."""
    day = local_day(membership.organization)
    # The same member, account and day give the same id: two tabs at once still leave one row.
    own_id = uuid.uuid5(account.pk, f"{KIND}:{membership.user_id}:{day.isoformat()}")
    if Act.objects.filter(source_id=str(own_id)).exists():
        return False
    try:
        with transaction.atomic():
            Act.objects.create(
                organization_id=account.organization_id,
                source_id=str(own_id),
                account=account,
                kind=KIND,
                at=timezone.now(),
                member_email=membership.user.email,
            )
    except IntegrityError:
        return False
    audit.record("account.looked", subject="account", subject_id=account.pk)
    return True
