"""Usage packed by month stands for its days, whoever wrote them; what is behind says so itself."""

import struct
from collections import defaultdict
from datetime import date, timedelta

import pytest

from accounts.tenancy import service_context
from portfolio.models import Account, Import, Usage, UsageChange, UsageMonth
from portfolio.usage_months import FIRST_DAY, pack_usage

pytestmark = pytest.mark.django_db
HEAD = "account_id,product_id,metric,day,quantity\n"


def read_days(organization) -> dict[tuple[str, str], list[tuple[date, float]]]:
    found = defaultdict(list)
    with service_context(organization.pk):
        for row in Usage.objects.filter(day__range=(date(2020, 1, 1), date(2030, 1, 1))).values(
            "account_id", "metric", "day", "quantity"
        ):
            found[row["account_id"], row["metric"]].append((row["day"], row["quantity"]))
    return {key: sorted(days) for key, days in found.items()}


def read_months(organization) -> dict[tuple[str, str], list[tuple[date, float]]]:
    found = defaultdict(list)
    with service_context(organization.pk):
        for row in UsageMonth.objects.all():
            days = [day for (day,) in struct.iter_unpack(">i", bytes(row.days))]
            quantities = [number for (number,) in struct.iter_unpack(">d", bytes(row.quantities))]
            assert len(days) == len(quantities)
            for day, quantity in zip(days, quantities, strict=True):
                on = FIRST_DAY + timedelta(days=day)
                assert on.replace(day=1) == row.month
                found[row.account_id, row.metric].append((on, quantity))
            used = [FIRST_DAY + timedelta(days=d) for d, q in zip(days, quantities, strict=True) if q > 0]
            assert row.last_used_on == max(used, default=None)
    return {key: sorted(days) for key, days in found.items()}


def is_behind(organization) -> bool:
    with service_context(organization.pk):
        return UsageChange.objects.exists()


def usage(*rows: str) -> dict[str, str]:
    return {"usage.csv": HEAD + "".join(f"{row}\n" for row in rows)}


def test_an_import_leaves_the_months_at_their_days(base):
    base.drop(
        usage(
            "A1,,events,2026-01-30,4",
            "A1,,events,2026-01-31,0",
            "A1,,events,2026-02-01,2.5",
            "A1,crm,events,2026-02-01,1",
        )
    )
    assert read_months(base.organization) == read_days(base.organization) != {}
    assert not is_behind(base.organization)
    base.drop(usage("A1,,events,2026-02-01,7", "A1,,calls,2026-02-02,1"))
    months = read_months(base.organization)
    assert months == read_days(base.organization)
    assert (date(2026, 2, 1), 7.0) in next(days for (_a, metric), days in months.items() if metric == "events")
    assert not is_behind(base.organization)


def test_an_undo_takes_the_months_back_with_their_days(base):
    base.drop(usage("A1,,events,2026-01-30,4", "A1,,events,2026-02-01,2"))
    before = read_months(base.organization)
    second = base.drop(
        {"accounts.csv": "account_id,name\nA9,Ninth\n", **usage("A1,,events,2026-02-01,9", "A9,,events,2026-03-01,1")}
    )
    assert read_months(base.organization) != before
    base.take_back(second)
    assert read_months(base.organization) == before == read_days(base.organization)
    assert not is_behind(base.organization)


def test_whoever_writes_a_day_its_month_is_behind_until_it_is_packed(base):
    base.drop(usage("A1,,events,2026-01-30,4", "A1,,events,2026-02-01,2"))
    organization = base.organization
    for write in (
        lambda: Usage.objects.filter(day=date(2026, 1, 30)).update(quantity=5),
        lambda: Usage.objects.filter(day=date(2026, 2, 1)).delete(),
        lambda: Usage.objects.create(
            account=Account.objects.get(source_id="A1"),
            metric="events",
            day=date(2026, 2, 3),
            quantity=1,
            organization_id=organization.pk,
        ),
    ):
        with service_context(organization.pk):
            write()
            change = UsageChange.objects.get()
            assert change.accounts == [Account.objects.get(source_id="A1").pk]
        assert read_months(organization) != read_days(organization)
        pack_usage(organization.pk)
        assert not is_behind(organization)
        assert read_months(organization) == read_days(organization)


def test_many_accounts_are_not_named_one_by_one(base):
    rows = [f"A1,,m{n},2026-01-{1 + n % 28:02},1" for n in range(1200)]
    base.drop(usage("A1,,events,2026-01-30,4"))
    with service_context(base.organization.pk):
        account = Account.objects.get(source_id="A1")
        Usage.objects.bulk_create(
            Usage(
                organization_id=base.organization.pk,
                account=account,
                metric=row.split(",")[2],
                day=date(2026, 1, 5),
                quantity=1,
            )
            for row in rows
        )
        changes = list(UsageChange.objects.values_list("first_on", "last_on", "accounts"))
    assert any(accounts is None for *_days, accounts in changes)
    pack_usage(base.organization.pk)
    assert read_months(base.organization) == read_days(base.organization)


def test_an_account_that_goes_takes_its_months_along(base):
    base.drop(usage("A1,,events,2026-01-30,4"))
    with service_context(base.organization.pk):
        Usage.objects.all().delete()
        UsageMonth.objects.get()
        Account.objects.filter(source_id="A1")._raw_delete("default")
        assert not UsageMonth.objects.exists()


def test_what_cannot_be_packed_keeps_no_import_from_ending(base, monkeypatch, caplog):
    monkeypatch.setattr("portfolio.usage_months.LOCK", "SELECT 1/0 WHERE %s IS NOT NULL")
    record = base.drop(usage("A1,,events,2026-01-30,4"))
    assert base.fresh(record).state == Import.State.LANDED
    assert is_behind(base.organization)
    assert "was not packed: DataError" in caplog.text
    monkeypatch.undo()
    pack_usage(base.organization.pk)
    assert read_months(base.organization) == read_days(base.organization) != {}
