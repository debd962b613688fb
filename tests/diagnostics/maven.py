"""Maven's raw CRM export as files of the contract, with its typing mistakes left where they are."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.diagnostics.ravenstack import EXAMPLES

MAVEN = EXAMPLES / "maven_crm"
# Names that a person would map; "Philipines" and the ambiguous "Korea" stay as they were typed.
COUNTRY = {
    "Belgium": "BE", "Brazil": "BR", "China": "CN", "Germany": "DE", "Italy": "IT", "Japan": "JP", "Jordan": "JO",
    "Kenya": "KE", "Norway": "NO", "Panama": "PA", "Poland": "PL", "Romania": "RO", "United States": "US",
}  # fmt: skip
STAGE = {"Won": "won", "Lost": "lost", "Engaging": "qualified", "Prospecting": "identified"}


def write_maven(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Write the contract's files into a folder; the rows of each."""
    deals = list(read("sales_pipeline"))
    files: dict[str, Iterable[dict[str, Any]]] = {
        "products": ({"product_id": row["product"], "name": row["product"]} for row in read("products")),
        "accounts": convert_accounts(deals),
        "opportunities": (convert_deal(row) for row in deals),
        "opportunity_history": convert_stages(deals),
    }
    written = {}
    for name, rows in files.items():
        written[name] = made = list(rows)
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(made[0]))
            writer.writeheader()
            writer.writerows(made)
    return written


def read(name: str) -> Iterator[dict[str, str]]:
    """The rows of one raw file."""
    with (MAVEN / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def mail(agent: str) -> str:
    """A sales agent's address."""
    return f"{agent.lower().replace(' ', '.')}@maven.example"


def convert_accounts(deals: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    agents: dict[str, Counter[str]] = defaultdict(Counter)
    for deal in deals:
        agents[deal["account"]][deal["sales_agent"]] += 1
    for row in read("accounts"):
        yield {
            "account_id": row["account"],
            "name": row["account"],
            "industry": row["sector"],
            "employees": row["employees"],
            "country": COUNTRY.get(row["office_location"], row["office_location"]),
            "parent_account_id": row["subsidiary_of"],
            "am_email": mail(agents[row["account"]].most_common(1)[0][0]),
            "currency": "USD",
        }


def convert_deal(row: dict[str, str]) -> dict[str, Any]:
    return {
        "opportunity_id": row["opportunity_id"],
        "account_id": row["account"],
        "lever": "cross_sell",
        "product_id": row["product"],
        "created_on": row["engage_date"],
        "closes_on": row["close_date"],
    }


def convert_stages(deals: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    prices = {row["product"]: row["sales_price"] for row in read("products")}
    for row in deals:
        deal, stage = row["opportunity_id"], STAGE[row["deal_stage"]]
        price = prices.get(row["product"], "")
        if row["engage_date"]:
            at = f"{row['engage_date']}T09:00:00Z"
            yield {"opportunity_id": deal, "at": at, "stage": "qualified", "amount_arr": price}
        if stage in ("won", "lost"):
            at = f"{row['close_date']}T17:00:00Z"
            yield {"opportunity_id": deal, "at": at, "stage": stage, "amount_arr": row["close_value"]}
