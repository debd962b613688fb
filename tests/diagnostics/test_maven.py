"""A CRM alone, messy as it was kept: bad values get their line and reason, priorities come, health is withheld."""

import csv
import io
from collections import Counter
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.models import Diagnosis, Priority
from diagnostics.night import run_night
from portfolio.models import Account, Opportunity
from tests.diagnostics.maven import COUNTRY, MAVEN, mail, read, write_maven

pytestmark = pytest.mark.skipif(not MAVEN.exists(), reason="../shared/examples is not here: no messy CRM to import")
NIGHT = date(2018, 2, 28)  # two months after the last deal moved
NO_COUNTRY = "Not a two-letter country code. Write for example FR."
EMPTY = "Empty, and every row needs it."


def dangling(what, file):
    return f"No such {what} in {file}.csv or in Phano."


@pytest.mark.django_db(transaction=True)
def test_every_bad_value_has_its_line_and_the_rest_is_diagnosed(cast, tmp_path):
    written = write_maven(tmp_path)
    expected = find_faults(written)
    with service_context(cast.acme.id):
        Organization.objects.update(currency="USD")
    rejects = tmp_path / "rejects.txt"
    with pytest.raises(CommandError, match=f"{len(expected):,} rows were rejected"):
        call_command("import_portfolio", str(tmp_path), organization="acme", rejects=rejects, stdout=io.StringIO())
    with rejects.open(newline="", encoding="utf-8") as file:
        told = {
            (row["rejected_file"], int(row["rejected_line"]), row["rejected_column"], row["rejected_reason"])
            for row in csv.DictReader(file)
        }
    assert told == expected
    assert Counter(reason for *_place, reason in told) == {
        NO_COUNTRY: 2,
        EMPTY: 1425,
        dangling("account", "accounts"): 294,
        dangling("product", "products"): 1219,
        dangling("opportunity", "opportunities"): 3954,
    }

    run_night(cast.acme.id, NIGHT)
    with service_context(cast.acme.id):
        assert Opportunity.objects.count() == 8800 - 1425 - 294 - 1219
        parents = dict(Account.objects.exclude(parent=None).values_list("source_id", "parent__source_id"))
        assert parents == {row["account"]: row["subsidiary_of"] for row in read("accounts") if row["subsidiary_of"]}
        # A mistyped industry is a word like any other: it is kept as it came.
        assert Account.objects.filter(industry="technolgy").count() == 11
        found = list(Diagnosis.objects.filter(night=NIGHT))
        assert len(found) == 83
        assert {row.health for row in found} == {None}
        # Deals alone are no exchanges: nothing is known of use, support, billing, nor of who spoke to whom.
        assert {(tuple(row.sources), row.confidence) for row in found} == {((0, 0, 0, 0), 0.0)}
        ranked = Priority.objects.filter(night=NIGHT).exclude(rank=None)
        assert {row.kind for row in ranked} == {"opportunity"}
        assert len(ranked) >= 30
        assert {row.owner_email for row in ranked} <= {mail(row["sales_agent"]) for row in read("sales_teams")}


def find_faults(written):
    """{(file, line, column, reason)} by the raw rows themselves, header = line 1."""
    bad_accounts = {row["account"] for row in read("accounts") if row["office_location"] not in COUNTRY}
    products = {row["product"] for row in read("products")}
    faults, gone = set(), set()
    for line, row in enumerate(written["accounts"], start=2):
        if row["account_id"] in bad_accounts:
            faults.add(("accounts", line, "country", NO_COUNTRY))
    for line, row in enumerate(read("sales_pipeline"), start=2):
        if not row["account"]:
            fault = ("account_id", EMPTY)
        elif row["account"] in bad_accounts:
            fault = ("account_id", dangling("account", "accounts"))
        elif row["product"] not in products:
            fault = ("product_id", dangling("product", "products"))
        else:
            continue
        gone.add(row["opportunity_id"])
        faults.add(("opportunities", line, *fault))
    for line, row in enumerate(written["opportunity_history"], start=2):
        if row["opportunity_id"] in gone:
            faults.add(("opportunity_history", line, "opportunity_id", dangling("opportunity", "opportunities")))
    return faults
