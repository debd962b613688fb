"""Periods in, movements out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from portfolio.ledger.levers import split_expansion
from portfolio.ledger.periods import MissingRate, Period, Rates, paying_on, settle_periods

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Movement:
    """A change of one account's ARR on one day, in the reporting currency."""

    account_id: str
    day: date
    kind: str  # new, expansion, contraction, churn, reactivation, transfer, fx
    amount: Decimal
    lever: str = ""  # of an expansion
    late_renewal: bool = False


@dataclass
class Ledger:
    """Movements by day and account, and the periods that have no amount for want of a rate."""

    movements: list[Movement] = field(default_factory=list)
    errors: list[tuple[Period, str]] = field(default_factory=list)

    def arr_on(self, day: date, account_id: str | None = None) -> Decimal:
        """ARR at the end of a day: the sum of all movements up to it."""
        wanted = (m for m in self.movements if m.day <= day and account_id in (None, m.account_id))
        return sum((m.amount for m in wanted), ZERO)


def build_ledger(
    periods: Iterable[Period],
    *,
    until: date,
    rates: Rates,
    parents: Mapping[str, str] | None = None,
    grace_days: int = 30,
) -> Ledger:
    """Every ARR movement up to `until`, knowing nothing later.

    `parents`: account → ultimate parent; a contract moved between accounts of one parent is a transfer. A period
    whose currency has no rate is kept out and listed in `errors`.
    """
    ledger = Ledger()
    priced = []
    for period in periods:
        try:
            _check_rates(period, rates, until)
        except MissingRate as error:
            ledger.errors.append((period, str(error)))
        else:
            priced.append(period)
    changes: list[_Change] = []
    for account_id, rows in settle_periods(priced, grace_days=grace_days, until=until).items():
        changes.extend(_changes_of(account_id, rows, rates, until))
    _net_transfers(changes, parents or {})
    for change in changes:
        ledger.movements.extend(change.movements())
    ledger.movements.sort(key=lambda m: (m.day, m.account_id, m.kind, m.lever))
    return ledger


def _check_rates(period: Period, rates: Rates, until: date) -> None:
    last = min(period.ended_on or until, until)
    for year in range(rates.fiscal_year(period.started_on), rates.fiscal_year(max(last, period.started_on)) + 1):
        rates.arr(period, rates.year_start(year))


@dataclass
class _Line:
    """One product family of one account on one day of change."""

    before: list[Period]
    after: list[Period]
    amount: Decimal
    transferred: Decimal = ZERO


@dataclass
class _Change:
    account_id: str
    day: date
    fx: Decimal
    total_before: Decimal
    total_after: Decimal
    paid_before: bool
    owned: frozenset[str]
    lines: dict[str, _Line]

    def movements(self) -> list[Movement]:
        """What moved on this day; the amounts add up to total_after − total_before + fx."""
        made = [
            self._made("fx", self.fx),
            self._made("transfer", sum((x.transferred for x in self.lines.values()), ZERO)),
        ]
        rest = {name: line.amount - line.transferred for name, line in self.lines.items()}
        net = sum(rest.values(), ZERO)
        if not self.total_before and self.total_after:
            made.append(self._made("reactivation" if self.paid_before else "new", net))
        elif self.total_before and not self.total_after:
            made.append(self._made("churn", net))
        else:
            for name, amount in sorted(rest.items()):
                made.extend(self._line_movements(self.lines[name], amount))
        return [movement for movement in made if movement.amount]

    def _line_movements(self, line: _Line, amount: Decimal) -> list[Movement]:
        late = any(p.late_renewal for p in line.after)
        if amount <= ZERO:
            return [self._made("contraction", amount, late=late)]
        parts = split_expansion(line.before, line.after, amount, self.owned)
        return [self._made("expansion", part, lever=lever, late=late) for lever, part in parts]

    def _made(self, kind: str, amount: Decimal, *, lever: str = "", late: bool = False) -> Movement:
        return Movement(self.account_id, self.day, kind, amount, lever, late)


def _changes_of(account_id: str, rows: list[Period], rates: Rates, until: date) -> list[_Change]:
    """One change for each day on which the account's payments or their rate changed."""
    days = {p.started_on for p in rows} | {p.ended_on for p in rows if p.ended_on and p.ended_on <= until}
    first = min(p.started_on for p in rows)
    days |= {
        rates.year_start(year)
        for year in range(rates.fiscal_year(first) + 1, rates.fiscal_year(until) + 1)
        if any((p.currency or rates.reporting) != rates.reporting for p in rows)
    }
    changes: list[_Change] = []
    before: list[Period] = []
    priced_before, owned = ZERO, frozenset[str]()
    for day in sorted(days):
        after = paying_on(rows, day)
        # Re-based first, so that what changed on the same day is measured at the new rate.
        rebased = sum((rates.arr(p, day) for p in before), ZERO)
        groups = sorted({p.group for p in [*before, *after]})
        lines = {}
        for group in groups:
            old, new = [p for p in before if p.group == group], [p for p in after if p.group == group]
            amount = sum((rates.arr(p, day) for p in new), ZERO) - sum((rates.arr(p, day) for p in old), ZERO)
            if amount:
                lines[group] = _Line(old, new, amount)
        total = sum((rates.arr(p, day) for p in after), ZERO)
        changes.append(_Change(account_id, day, rebased - priced_before, rebased, total, bool(owned), owned, lines))
        before, priced_before = after, total
        owned |= {p.product_id for p in after if p.mrr}
    return changes


def _net_transfers(changes: list[_Change], parents: Mapping[str, str]) -> None:
    """Mark what left one account and reached another of the same parent on the same day in the same family."""
    places: dict[tuple[str, date, str], list[tuple[str, _Line]]] = {}
    for change in changes:
        parent = parents.get(change.account_id)
        for group, line in change.lines.items() if parent else ():
            places.setdefault((parent or "", change.day, group), []).append((change.account_id, line))
    for lines in places.values():
        lines.sort(key=lambda entry: entry[0])
        giving = [line for _, line in lines if line.amount < 0]
        taking = [line for _, line in lines if line.amount > 0]
        for giver in giving:
            for taker in taking:
                moved = min(giver.transferred - giver.amount, taker.amount - taker.transferred)
                if moved > 0:
                    giver.transferred -= moved
                    taker.transferred += moved
