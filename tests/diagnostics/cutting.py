"""The files of a portfolio as they stood at the end of a day: nothing in them is dated later."""

import csv
from datetime import date, datetime
from pathlib import Path

# file -> (the column that dates a row, columns that become known later and are empty until then)
DATED: dict[str, tuple[str, tuple[str, ...]]] = {
    "accounts": ("customer_since", ()),
    "account_history": ("from_on", ()),
    "contacts": ("known_since", ("left_on",)),
    "subscriptions": ("started_on", ("notice_given_on",)),
    "milestones": ("reached_on", ()),
    "invoices": ("issued_on", ("paid_on",)),
    "usage": ("day", ()),
    "tickets": ("opened_at", ("first_reply_at", "solved_at", "escalated_at", "reopened_at", "satisfaction_at")),
    "interactions": ("happened_at", ()),
    "surveys": ("answered_at", ()),
    "opportunities": ("created_on", ()),
    "opportunity_history": ("at", ()),
    "account_plans": ("updated_on", ("reviewed_on",)),
    "account_goals": ("", ("done_on",)),
    "whitespace": ("since", ()),
    "product_events": ("happened_on", ()),
    "intent_signals": ("observed_on", ()),
}


def day_of(text: str) -> date:
    """The day of a date or of an instant, in the instant's own offset."""
    return datetime.fromisoformat(text).date()


def cut_files(source: Path, target: Path, night: date, *, usage_from: date) -> dict[str, int]:
    """Write the files of `source` as known at the end of `night`; returns how many rows each file lost.

    Usage before `usage_from` is left out: it makes the files small.
    """
    lost = {}
    for path in sorted(source.glob("*.csv")):
        with path.open(newline="") as read, (target / path.name).open("w", newline="") as write:
            rows = csv.DictReader(read)
            out = csv.DictWriter(write, rows.fieldnames)
            out.writeheader()
            lost[path.stem] = 0
            for row in rows:
                if path.stem == "usage" and day_of(row["day"]) < usage_from:
                    continue
                if cut_row(path.stem, row, night):
                    out.writerow(row)
                else:
                    lost[path.stem] += 1
    return lost


def cut_row(file: str, row: dict[str, str], night: date) -> bool:
    """Empty what the row says of later days; False where the row itself is later."""
    dated, later = DATED.get(file, ("", ()))
    if dated and row[dated] and day_of(row[dated]) > night:
        return False
    for column in later:
        if row[column] and day_of(row[column]) > night:
            row[column] = ""
    if file == "subscriptions" and row["ended_on"] and day_of(row["ended_on"]) > night and not row["notice_given_on"]:
        row["ended_on"] = row["end_reason"] = ""
    if file == "tickets" and not row["satisfaction_at"]:
        row["satisfaction"] = ""
    if file == "opportunities":
        row["loss_reason"] = ""
    return True
