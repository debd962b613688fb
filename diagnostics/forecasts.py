"""What a member expects of a renewal: commit, likely, at risk or lost. An opinion about one term of one contract.

The data contract has no column for it, so a forecast is an act of the member's, of kind `planned` and called for by
no priority: its reason is `forecast:CALL:ENDS_ON:CONTRACT`, its note why it is lost. It is dated and signed, the latest
counts, and it goes out and comes back with every export (docs/decisions/0013-where-a-forecast-is-kept.md).
"""

import uuid
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from accounts.models import AuditEntry, Membership
from portfolio.changes import ChangeRefused, clean_words, record_change, reverses
from portfolio.models import Account, Act, Subscription
from portfolio.next_steps import name_term
from portfolio.people import hash_mentions
from portfolio.terms import add_months, find_contracts

MARK = "forecast:"
KIND = "planned"
# In the order of their keys, 1 to 4.
FORECASTS = {
    "commit": pgettext_lazy("renewal forecast", "Commit"),
    "likely": pgettext_lazy("renewal forecast", "Likely"),
    "at_risk": pgettext_lazy("renewal forecast", "At risk"),
    "lost": pgettext_lazy("renewal forecast", "Lost"),
}
MOST_REASON = 300


def read_call(act: Act) -> str:
    """The call of an act that is a forecast (a key of FORECASTS); '' for any other act."""
    return act.reason.removeprefix(MARK).partition(":")[0] if act.reason.startswith(MARK) else ""


@dataclass(frozen=True, slots=True)
class Term:
    """One term of one contract of an account, as acts and goals name it."""

    account: Account
    contract: str
    ends_on: date | None

    @property
    def name(self) -> str:
        return name_term(self.contract, self.ends_on)


def find_term(account: Account, name: str, *, day: date, grace_days: int) -> Term:
    """The term of that name among the contracts that run on `day`; raises ChangeRefused where there is none."""
    periods = Subscription.objects.filter(account=account)
    for contract in find_contracts(periods, day=day, grace_days=grace_days):
        period, ends = contract.period, [contract.ends_on]
        if period.notice_given_on is not None and period.ended_on is not None:
            ends.append(period.ended_on)
        if contract.ends_on is not None and period.term_months:
            # The notice of the running term is over: what is decided next is the term after it.
            ends.append(add_months(contract.ends_on, period.term_months))
        for ends_on in ends:
            term = Term(account, period.source_id, ends_on)
            if term.name == name:
                return term
    raise ChangeRefused(_("This contract or its term has changed meanwhile. Read the desk again."))


def forecast_renewal(*, membership: Membership, term: Term, forecast: str, reason: str = "") -> AuditEntry:
    """Say what is expected of a term (a key of FORECASTS); `lost` needs a reason. Raises ChangeRefused."""
    words = clean_words(reason, most=MOST_REASON)
    if forecast not in FORECASTS:
        raise ChangeRefused(_("A forecast is commit, likely, at risk or lost."))
    if forecast == "lost" and not words:
        raise ChangeRefused(_("Say in a few words why it is lost."))
    note = words if forecast == "lost" else ""
    act = Act.objects.create(
        organization_id=term.account.organization_id,
        source_id=str(uuid.uuid4()),
        account=term.account,
        kind=KIND,
        at=timezone.now(),
        member_email=membership.user.email,
        reason=f"{MARK}{forecast}:{term.name}",
        note=note,
        mentioned_hashes=hash_mentions(membership.organization_id, (note,)),
    )
    return record_change(
        "renewal.forecast", membership=membership, account_id=term.account.pk, act=str(act.pk), forecast=forecast
    )


@reverses("renewal.forecast")
def _unforecast(entry: AuditEntry) -> bool:
    """The forecast before it stands again."""
    return Act.objects.filter(pk=entry.details["act"], kind=KIND).delete()[0] == 1
