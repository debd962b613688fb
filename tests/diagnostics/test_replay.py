"""A night knows nothing of the future: files cut at that night give the same bytes; so does running it again."""

import csv
import gzip
import io
import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import User
from accounts.organizations import found_organization
from portfolio import sample
from tests.diagnostics.books import NIGHT, TODAY
from tests.diagnostics.cutting import cut_files

EXAMPLES = Path(__file__).resolve().parents[3] / "shared/examples/churnsim"
# Late enough that stories are under way, early enough that most of them have a future.
PAST = NIGHT - timedelta(days=25)


def export(slug: str, night: date) -> str:
    out = io.StringIO()
    call_command("export_diagnoses", organization=slug, night=night, stdout=out)
    return out.getvalue()


def found(slug: str, folder: Path) -> None:
    owner, _made = User.objects.get_or_create(email="owner@replay.example")
    found_organization(name=slug, slug=slug, owner=owner, with_trial=False)
    call_command("import_portfolio", str(folder), organization=slug, stdout=io.StringIO())


@pytest.mark.django_db(transaction=True)
def test_files_cut_at_the_night_give_the_same_bytes(tmp_path):
    whole, all_of_it, cut = (tmp_path / name for name in ("whole", "all", "cut"))
    for folder in (whole, all_of_it, cut):
        folder.mkdir()
    sample.write(whole, TODAY)
    usage_from = PAST - timedelta(days=95)
    cut_files(whole, all_of_it, TODAY, usage_from=usage_from)
    lost = cut_files(whole, cut, PAST, usage_from=usage_from)
    # There is a future to leak from, in every kind of fact that the diagnosis reads.
    for file in ("usage", "tickets", "interactions", "invoices", "subscriptions", "surveys", "opportunity_history"):
        assert lost[file] > 0, file

    found("everything", all_of_it)
    found("cut", cut)
    for slug in ("everything", "cut"):
        for days in (31, 30, 1, 0):
            call_command("diagnose", organization=slug, night=PAST - timedelta(days=days), stdout=io.StringIO())
    exported = export("everything", PAST)
    assert exported.count("\n") > 80
    assert export("cut", PAST) == exported

    # Later nights, and running the night again, change nothing of it.
    for night in (PAST + timedelta(days=1), NIGHT, PAST):
        call_command("diagnose", organization="everything", night=night, stdout=io.StringIO())
    assert export("everything", PAST) == exported
    assert export("everything", NIGHT) != exported


def shorten_churnsim(folder: Path, night: date) -> None:
    """The example with the usage that the night reads: 84 days of it, and a month that it must not read."""
    for path in EXAMPLES.glob("*.csv"):
        if path.stem != "outcomes":
            shutil.copy(path, folder)
    first, last = (night - timedelta(days=83)).isoformat(), (night + timedelta(days=31)).isoformat()
    with gzip.open(EXAMPLES / "usage.csv.gz", "rt") as read, (folder / "usage.csv").open("w") as write:
        write.write(next(read))
        write.writelines(line for line in read if first <= line.split(",")[2] <= last)


@pytest.mark.skipif(not EXAMPLES.exists(), reason="../shared/examples is not here")
@pytest.mark.django_db(transaction=True)
def test_the_commands_work_one_after_another_on_a_public_portfolio(tmp_path, capsys):
    night = date(2023, 9, 1)
    shorten_churnsim(tmp_path, night)
    call_command(
        "create_organization",
        name="Churnsim",
        slug="churnsim",
        owner="owner@churnsim.example",
        currency="USD",
        stdout=io.StringIO(),
    )
    call_command("import_portfolio", str(tmp_path), organization="churnsim", stdout=io.StringIO())
    call_command("diagnose", organization="churnsim", night=night, stdout=io.StringIO())
    exported = export("churnsim", night)
    rows = {row["account_id"]: row for row in csv.DictReader(io.StringIO(exported))}

    with (EXAMPLES / "outcomes.csv").open(newline="") as file:
        judged = {row["account_id"]: row for row in csv.DictReader(file) if row["night"] == night.isoformat()}
    assert judged.keys() <= rows.keys()
    assert [a for a, row in judged.items() if float(rows[a]["arr"]) != float(row["arr"])] == []
    for row in rows.values():
        causes = json.loads(row["causes"])
        if row["health"]:
            points = [c["points"] for c in causes["contributions"] if c["score"] == "health"]
            assert causes["base"] + sum(points) == float(row["health"])
    assert export("churnsim", night) == exported
