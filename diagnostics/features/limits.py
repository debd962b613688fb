"""The limits of the plans in force, and how much of each is used."""

from dataclasses import dataclass

import numpy as np

from diagnostics.engine.columns import Marks, Numbers, fill

from .columns import AccountColumns
from .periods import Periods
from .prices import Catalogue
from .usage_rows import UsageRows
from .vectors import Places, known, median

# A limited metric is counted per month (calls) or stands at a level (vessels connected); the contract does not say
# which. A level is reported anew each day, so that a typical day already holds a good part of the limit; a thirtieth
# of a monthly count never does. Judged once per metric over the whole book.
LEVEL_SHARE = 0.1
MONTH_DAYS = 30
WINDOW = 28


@dataclass(frozen=True, slots=True)
class Limits:
    """What all running subscriptions of an account include together: one row per account and metric."""

    account: Places
    metric: Places  # among the names
    names: list[str]  # sorted
    included: Numbers


def read_limits(periods: Periods, catalogue: Catalogue, night: int, grace: int) -> Limits:
    """The limits of each subscription's last period, where it has not ended; seats are those that were bought."""
    limits = catalogue.limits
    names = sorted({metric or "" for metric in limits.texts["metric"]})
    metric = np.array([names.index(metric or "") for metric in limits.texts["metric"]], dtype=np.intp)
    latest = periods.choose(periods.last & ~(periods.ended_on <= night - grace))
    account, which, included = [], [], []
    for place in np.flatnonzero(limits.numbers["included"] > 0):
        has = latest.plan == limits.ids["plan_id"][place]
        amount = np.full(int(has.sum()), limits.numbers["included"][place])
        account.append(latest.account[has])
        which.append(np.full(amount.size, metric[place]))
        included.append(fill(latest.seats[has], amount) if names[metric[place]] == "seats" else amount)
    if not account:
        return Limits(np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), names, np.zeros(0))
    keys = np.concatenate(account) * len(names) + np.concatenate(which)
    rows, row = np.unique(keys, return_inverse=True)
    owner, of = np.divmod(rows, len(names))
    return Limits(owner, of, names, np.bincount(row, np.concatenate(included), rows.size))


def add_nearest_limits(accounts: AccountColumns, limits: Limits, usage: UsageRows) -> None:
    """Add for each account the limit that is used most: limit_metric, limit_used, limit_included, limit_growth (a day).

    Needs the columns active_users and active_users_before: seats are used by the people who are active. Equal shares:
    the first metric by name, so that nothing depends on the order of rows.
    """
    used, growth = np.full(limits.account.size, np.nan), np.full(limits.account.size, np.nan)
    for place, name in enumerate(limits.names):
        of = limits.metric == place
        if name == "seats":
            people, before = (accounts.numbers[column] for column in ("active_users", "active_users_before"))
            used[of] = people[limits.account[of]]
            growth[of] = (people - before)[limits.account[of]] / WINDOW
        else:
            used[of], growth[of] = _count_used(limits.account[of], limits.included[of], usage.find(name))
    told = known(used)
    included = limits.included[told]
    share = np.where(included > 0, used[told] / np.where(included > 0, included, 1.0), np.inf)
    owner = limits.account[told]
    order = np.lexsort((limits.metric[told], -share, owner))
    nearest = order[np.append(True, np.diff(owner[order]) != 0)[: order.size]]
    names = np.array([*limits.names, None], dtype=object)
    accounts.put_texts("limit_metric", owner[nearest], names[limits.metric[told][nearest]])
    for column, values in (("limit_used", used), ("limit_included", limits.included), ("limit_growth", growth)):
        accounts.put(column, owner[nearest], values[told][nearest])


def _count_used(account: Places, included: Numbers, usage: UsageRows) -> tuple[Numbers, Numbers]:
    """How much is used of a limit that is counted or stands at a level, and by how much it grows a day.

    `usage`: of the metric alone.
    """
    used, growth = np.full(account.size, np.nan), np.full(account.size, np.nan)
    order = np.argsort(usage.account)
    at = np.minimum(np.searchsorted(usage.account[order], account), max(order.size - 1, 0))
    if not order.size:
        return used, growth
    stands: Marks = usage.account[order][at] == account
    row = order[at[stands]]
    sum_28, sum_29_56, sum_57_84 = usage.sums[row].T
    peak_28, peak_29_56 = usage.peaks[row].T
    daily = sum_28 / WINDOW / included[stands]
    if median(np.zeros(daily.size, dtype=np.intp), daily, 1)[0] >= LEVEL_SHARE:
        used[stands], growth[stands] = peak_28, (peak_28 - peak_29_56) / WINDOW
        return used, growth
    used[stands] = sum_28 * MONTH_DAYS / WINDOW
    # Over eight weeks; over four where the use is younger; unknown where there is nothing to compare with.
    by_weeks = fill((sum_28 - sum_57_84) / (2 * WINDOW), (sum_28 - sum_29_56) / WINDOW)
    growth[stands] = by_weeks * (MONTH_DAYS / WINDOW)
    return used, growth
