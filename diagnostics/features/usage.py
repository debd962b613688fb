"""Usage of the last 84 days by account, from one row for each account and metric."""

from functools import partial

import numpy as np

from diagnostics.engine.columns import Marks, Numbers, fill, where

from .columns import AccountColumns
from .reading import FLAG, TEXT, Rows
from .usage_rows import UsageRows, days_of_use, sum_of
from .vectors import known, least

TRIAL_DAYS = 60  # usage this long before the first paid day may be a trial; earlier contradicts the contract

PEOPLE = ("active_users", "active_users_7d", "active_users_28d")

MARK_COLUMNS = {"metric": TEXT, "key": FLAG, "negative": FLAG, "opening": FLAG}
MARK_STATEMENT = """
SELECT metric, bool_or(effect = 'key'), bool_or(effect = 'negative'), bool_or(opens_expansion IS TRUE)
FROM portfolio_feature WHERE organization_id = %(organization)s GROUP BY metric
"""
# One row per metric that the organization calls a feature.
MARKS = (MARK_STATEMENT, MARK_COLUMNS)


def add_usage(accounts: AccountColumns, usage: UsageRows, marks: Rows, night: int) -> Marks:
    """Add the columns of accounts that were used within the 84 days; returns which they are.

    Activity is `events`; an account without events is measured by its active users, then by its features, by whatever
    else is counted of it (calls, documents), and by its distinct users over several days: the first of these that it
    has. People are the distinct users over 28 days where the source counts them, else the busiest week's, or day's.
    """
    size = accounts.height
    used = np.bincount(usage.account, minlength=size) > 0
    rows = {kind: usage.metric == _place(usage, kind) for kind in ("events", *PEOPLE)}
    feature = np.array([name.startswith("feature:") for name in usage.names], dtype=bool)[usage.metric]
    other = ~np.any([feature, *rows.values()], axis=0)
    measures = [rows["events"], rows["active_users"], feature, other, rows["active_users_7d"], rows["active_users_28d"]]
    measured_by = [np.bincount(usage.account[which], minlength=size) > 0 for which in measures]
    first, second, third = usage.sums.T
    earlier = np.nan_to_num(second) + np.nan_to_num(third)
    add = partial(sum_of, usage, accounts=size)
    seen = first > 0
    columns = {
        name: np.select(measured_by, [add(which, sums) for which in measures])
        for name, sums in (("activity_28", first), ("activity_29_56", second), ("activity_57_84", third))
    }
    ones = np.ones(first.size)
    columns |= {
        "active_users": _count_people(usage, rows, usage.peaks[:, 0], size),
        "active_users_before": _count_people(usage, rows, usage.peaks[:, 1], size),
        "features_28": add(feature & seen, ones),
        "features_84": add(feature & (np.nan_to_num(first) + earlier > 0), ones),
        "feature_activity_28": add(feature, first),
        "least": least(usage.account, usage.least, size),
    }
    for mark in ("key", "negative", "opening"):
        chosen = [name for name, holds in zip(marks.texts["metric"], marks.numbers[mark], strict=True) if holds == 1]
        if chosen:
            marked = np.array([name in chosen for name in usage.names], dtype=bool)[usage.metric]
            columns[f"{mark}_activity_28"] = add(marked, first)
            if mark == "opening":
                columns["opening_activity_29_84"] = add(marked, earlier)
    columns |= _name_days(days_of_use(usage, size), night)
    accounts.numbers |= {name: where(used, values) for name, values in columns.items()}
    return used


def _place(usage: UsageRows, metric: str) -> int:
    return usage.names.index(metric) if metric in usage.names else -1


def _count_people(usage: UsageRows, rows: dict[str, Marks], peaks: Numbers, size: int) -> Numbers:
    found = np.full(size, np.nan)
    for kind in PEOPLE:  # the latter counts, where it is known
        told = rows[kind] & known(peaks)
        found[usage.account[told]] = peaks[told]
    return found


def _name_days(days: Marks, night: int) -> dict[str, Numbers]:
    """Days of use: how many, the first and the last."""
    ever = days.any(axis=1)
    return {
        "active_days_7": days[:, :7].sum(axis=1).astype(np.float64),
        "active_days_28": days[:, :28].sum(axis=1).astype(np.float64),
        "active_days_84": days.sum(axis=1).astype(np.float64),
        "last_used_on": where(ever, night - days.argmax(axis=1)),
        "first_used_on": where(ever, night - (days.shape[1] - 1 - days[:, ::-1].argmax(axis=1))),
    }


def add_earlier(accounts: AccountColumns, earlier: Numbers, used: Marks) -> None:
    """Complete the columns of `add_usage` by the last days of use before the 84 days, as far as two years back.

    Needs the column first_paid_on. An account that is silent now but was used before is known to be at zero.
    """
    numbers = accounts.numbers
    ever = used | known(earlier)
    last_used = numbers["last_used_on"]
    zeros = ["activity_28", "activity_29_56", "activity_57_84", "active_days_7", "active_days_28", "active_days_84"]
    zeros += ["features_28", "features_84", "feature_activity_28"]
    # A source that counts people for others would have counted them here.
    zeros += [name for name in ("active_users", "active_users_before") if known(numbers[name]).any()]
    for name in zeros:
        numbers[name] = np.where(ever & np.isnan(numbers[name]), 0.0, numbers[name])
    known_to = last_used if known(last_used).any() else earlier
    numbers["usage_known_to"] = where(ever, np.full(accounts.height, np.fmax.reduce(known_to, initial=np.nan)))
    numbers["last_used_on"] = fill(last_used, earlier)
    before_paid = numbers["first_used_on"] - numbers["first_paid_on"]
    contradicts = np.where(numbers["least"] < 0, 1.0, where(known(before_paid), (before_paid < -TRIAL_DAYS) * 1.0))
    numbers["usage_contradicts"] = contradicts
