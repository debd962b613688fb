"""RavenStack's raw files as files of the contract. Its labels are random: what is known of it is that nothing is.

A churn event ends every subscription of its account that runs on that day; what begins later has begun again. Usage is
kept on the day it is dated, whether its subscription ran or not: that is one of the contradictions to be found.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parents[3] / "shared/examples"
RAVENSTACK = EXAMPLES / "ravenstack"
COUNTRY = {"UK": "GB"}
ACQUIRED = {"organic": "organic", "partner": "partner", "ads": "campaign", "event": "campaign"}
PLANS = {"Basic": 1, "Pro": 2, "Enterprise": 3}
TICKET_PRIORITY = {"medium": "normal"}
GOOD, BAD = 4.0, 3.0  # scores of three to five are all there are


def write_ravenstack(folder: Path) -> dict[str, int]:
    """Write the contract's files into a folder; rows by file."""
    owners = {row["subscription_id"]: row["account_id"] for row in read("subscriptions")}
    files: dict[str, Iterable[dict[str, Any]]] = {
        "accounts": convert_accounts(),
        "products": [{"product_id": "stack", "name": "RavenStack", "core": "true"}],
        "plans": [
            {"plan_id": name.lower(), "product_id": "stack", "name": name, "rank": rank, "currency": "USD"}
            for name, rank in PLANS.items()
        ],
        "subscriptions": convert_subscriptions(),
        "usage": convert_usage(owners),
        "tickets": convert_tickets(),
    }
    counts = {}
    for name, rows in files.items():
        made = list(rows)
        counts[name] = len(made)
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(made[0]))
            writer.writeheader()
            writer.writerows(made)
    return counts


def read(name: str) -> Iterator[dict[str, str]]:
    """The rows of one raw file."""
    with (RAVENSTACK / f"ravenstack_{name}.csv").open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def read_day(text: str) -> date:
    """31/12/2024 or 2024-12-31."""
    if "/" in text:
        day, month, year = map(int, text.split("/"))
        return date(year, month, day)
    return date.fromisoformat(text[:10])


def convert_accounts() -> Iterator[dict[str, Any]]:
    for row in read("accounts"):
        yield {
            "account_id": row["account_id"],
            "name": row["account_name"],
            "industry": row["industry"],
            "country": COUNTRY.get(row["country"], row["country"]),
            "customer_since": read_day(row["signup_date"]),
            "acquired_through": ACQUIRED.get(row["referral_source"], ""),
            "currency": "USD",
        }


def convert_subscriptions() -> Iterator[dict[str, Any]]:
    left: dict[str, list[date]] = defaultdict(list)
    for row in read("churn_events"):
        left[row["account_id"]].append(read_day(row["churn_date"]))
    for row in read("subscriptions"):
        started = read_day(row["start_date"])
        ends = [day for day in left[row["account_id"]] if day > started]
        ends += [read_day(row["end_date"])] if row["end_date"] else []
        yield {
            "subscription_id": row["subscription_id"],
            "account_id": row["account_id"],
            "product_id": "stack",
            "plan_id": row["plan_tier"].lower(),
            "started_on": started,
            "ended_on": min(ends, default=""),
            "term_months": 12 if row["billing_frequency"] == "annual" else 1,
            "auto_renews": row["auto_renew_flag"].lower(),
            "seats": row["seats"],
            "mrr": row["mrr_amount"],
            "currency": "USD",
        }


def convert_usage(owners: dict[str, str]) -> Iterator[dict[str, Any]]:
    amounts: dict[tuple[str, str, date], int] = defaultdict(int)
    for row in read("feature_usage"):
        account_id, day = owners[row["subscription_id"]], read_day(row["usage_date"])
        amounts[account_id, "events", day] += int(row["usage_count"])
        amounts[account_id, f"feature:{row['feature_name']}", day] += int(row["usage_count"])
    for (account_id, metric, day), quantity in amounts.items():
        yield {"account_id": account_id, "metric": metric, "day": day, "quantity": quantity}


def convert_tickets() -> Iterator[dict[str, Any]]:
    for row in read("support_tickets"):
        score = float(row["satisfaction_score"] or 0)
        opened, solved = (datetime.fromisoformat(row[name]) for name in ("submitted_at", "closed_at"))
        yield {
            "ticket_id": row["ticket_id"],
            "account_id": row["account_id"],
            "opened_at": f"{opened.isoformat()}Z",
            "solved_at": f"{solved.isoformat()}Z",
            "priority": TICKET_PRIORITY.get(row["priority"], row["priority"]),
            "escalated_at": f"{opened.isoformat()}Z" if row["escalation_flag"] == "True" else "",
            "satisfaction": "good" if score >= GOOD else "bad" if 0 < score <= BAD else "",
            "satisfaction_at": f"{solved.isoformat()}Z" if score else "",
        }
