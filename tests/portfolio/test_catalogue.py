"""The catalogue changed in Phano: acts, their undo, what an import of the same files leaves, gaps by ARR, the pages."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import AuditEntry, Membership, Organization, Role, Visibility
from portfolio.catalogue import CannotChange, CellsRefused, add_row, change_row, remove_row, undo_change
from portfolio.models import (
    Account,
    CatalogueEdit,
    Feature,
    Milestone,
    Plan,
    PlanLimit,
    Product,
    ProductEvent,
    Subscription,
    Usage,
)
from portfolio.models.usage import ensure_usage_months
from portfolio.queries.catalogue import read_catalogue

pytestmark = pytest.mark.django_db
URL = "/o/acme/catalogue/"


def inside(cast, who=None):
    return organization_context(organization_id=cast.acme.id, user_id=(who or cast.alice).id)


def member(cast, who=None):
    return Membership.objects.get(user=who or cast.alice)


def today():
    return timezone.now().date()


@pytest.fixture
def shop(cast):
    """Two products with a plan each; three accounts at 12,000, 24,000 and 36,000 a year; one of them without a plan."""
    with inside(cast):
        main = Product.objects.create(
            source_id="main", name="Main", core=True, need_phrases="need main", import_number=1
        )
        extra = Product.objects.create(source_id="extra", name="Extra", import_number=1)
        basic = Plan.objects.create(
            source_id="basic",
            product=main,
            name="Basic",
            rank=1,
            list_price_monthly=10,
            price_basis="flat",
            import_number=1,
        )
        PlanLimit.objects.create(plan=basic, metric="api_calls", included=100, import_number=1)
        bare = Plan.objects.create(source_id="bare", product=extra, name="Bare", rank=1, import_number=1)
        Feature.objects.create(product=main, metric="feature:map", name="Map", effect="key", import_number=1)
        for number, (product, plan) in enumerate(((main, basic), (main, None), (extra, bare)), start=1):
            account = Account.objects.create(source_id=f"a{number}", name=f"Account {number}", currency="EUR")
            Subscription.objects.create(
                source_id=f"s{number}",
                account=account,
                product=product,
                plan=plan,
                started_on=today() - timedelta(days=100),
                mrr=Decimal(1000 * number),
                currency="EUR",
            )
    return {"main": main, "extra": extra, "basic": basic, "bare": bare}


def change(cast, file, row, **cells):
    with inside(cast):
        return change_row(actor=member(cast), file=file, row_id=row.pk, cells=cells)


def test_a_change_is_one_act_with_its_audit_row_and_undo(cast, shop):
    entry = change(cast, "products", shop["extra"], need_phrases="planning tool; outil de planning", core="true")
    with inside(cast):
        product = Product.objects.get(source_id="extra")
        assert (product.need_phrases, product.core) == ("planning tool; outil de planning", True)
        assert (entry.action, entry.subject, entry.subject_id) == ("catalogue.changed", "products", str(product.pk))
        assert entry.details["before"] == {"need_phrases": "", "core": ""}
        assert undo_change(actor=member(cast), entry_id=entry.pk) == "products"
        product.refresh_from_db()
        assert (product.need_phrases, product.core) == ("", None)
        assert not CatalogueEdit.objects.exists()
        with pytest.raises(CannotChange, match="It has changed since"):
            undo_change(actor=member(cast), entry_id=entry.pk)


def test_another_admins_change_is_theirs_to_take_back(cast, shop):
    entry = change(cast, "products", shop["extra"], name="Planning")
    with inside(cast):
        Membership.objects.filter(user=cast.dora).update(role=Role.ADMIN)
    with inside(cast, cast.dora), pytest.raises(Http404):
        undo_change(actor=member(cast, cast.dora), entry_id=entry.pk)
    with inside(cast):
        assert Product.objects.get(source_id="extra").name == "Planning"


def test_the_same_cells_change_nothing(cast, shop):
    assert change(cast, "plans", shop["basic"], name="Basic", rank="1", list_price_monthly="10") is None
    with inside(cast):
        assert not AuditEntry.objects.filter(action="catalogue.changed").exists()


def test_a_row_made_here_can_be_removed_and_brought_back_and_an_imported_one_not(cast, shop):
    with inside(cast):
        row, entry = add_row(
            actor=member(cast), file="plan_limits", cells={"plan_id": "bare", "metric": "seats", "included": "25"}
        )
        assert (row.plan_id, row.included, row.import_number) == (shop["bare"].pk, 25.0, None)
        assert entry.action == "catalogue.added"
        removed = remove_row(actor=member(cast), file="plan_limits", row_id=row.pk)
        assert not PlanLimit.objects.filter(metric="seats").exists()
        undo_change(actor=member(cast), entry_id=removed.pk)
        assert PlanLimit.objects.get(metric="seats").pk == row.pk
        with pytest.raises(CannotChange, match="Import 1 brought it"):
            remove_row(actor=member(cast), file="plan_limits", row_id=PlanLimit.objects.get(metric="api_calls").pk)
        plan, _entry = add_row(
            actor=member(cast), file="plans", cells={"product_id": "extra", "name": "Top", "rank": "2"}
        )
        add_row(
            actor=member(cast),
            file="plan_limits",
            cells={"plan_id": plan.source_id, "metric": "seats", "included": "9"},
        )
        with pytest.raises(CannotChange, match="Facts refer to it"):
            remove_row(actor=member(cast), file="plans", row_id=plan.pk)


PLAN = {"product_id": "main", "name": "P", "rank": "1"}
EVENT = {"kind": "release", "happened_on": "2026-10-31"}


@pytest.mark.parametrize(
    ("file", "cells", "column", "sentence"),
    [
        ("plans", {**PLAN, "name": ""}, "name", "Empty, and every row needs it."),
        ("plans", {**PLAN, "rank": "0"}, "rank", "The lowest plan has rank 1."),
        ("plans", {**PLAN, "rank": "1.5"}, "rank", "Not a whole number."),
        ("plans", {**PLAN, "list_price_monthly": "-5"}, "list_price_monthly", "A price is not negative."),
        ("plans", {**PLAN, "price_basis": "gold"}, "price_basis", "Unknown value."),
        ("plans", {**PLAN, "currency": "Euro"}, "currency", "Not a three-letter"),
        ("plans", {**PLAN, "product_id": "nowhere"}, "product_id", "No such product"),
        ("plan_limits", {"plan_id": "basic", "metric": "seats", "included": "0"}, "included", "A limit is above zero"),
        ("plan_limits", {"plan_id": "basic", "metric": "api_calls", "included": "5"}, "metric", "has this already"),
        ("features", {"product_id": "main", "metric": "feature:map"}, "metric", "has this already"),
        ("features", {"product_id": "main", "metric": "feature:x", "effect": "good"}, "effect", "Unknown value."),
        ("product_events", {**EVENT, "happened_on": "31/10/2026"}, "happened_on", "Write 2026-10-31."),
        ("product_events", {**EVENT, "ended_on": "2026-10-01"}, "ended_on", "It ends before it begins."),
    ],
)
def test_bad_cells_get_one_sentence_each_and_change_nothing(cast, shop, file, cells, column, sentence):
    with inside(cast):
        with pytest.raises(CellsRefused) as refused:
            add_row(actor=member(cast), file=file, cells=cells)
        assert list(refused.value.faults) == [column]
        assert sentence in refused.value.faults[column]
        assert not AuditEntry.objects.filter(action="catalogue.added").exists()


def test_a_change_of_somebody_else_meanwhile_is_told_and_stands(cast, shop):
    change(cast, "plans", shop["basic"], list_price_monthly="12")
    with inside(cast):
        shown = {"name": "Basic", "list_price_monthly": "10"}
        with pytest.raises(CellsRefused, match="changed this to “12” meanwhile"):
            change_row(
                actor=member(cast),
                file="plans",
                row_id=shop["basic"].pk,
                shown=shown,
                cells={"list_price_monthly": "11"},
            )
        # A field that was left as the page showed it is nobody's wish to put the old price back.
        change_row(
            actor=member(cast),
            file="plans",
            row_id=shop["basic"].pk,
            shown=shown,
            cells={"name": "Start", "list_price_monthly": "10"},
        )
        plan = Plan.objects.get(source_id="basic")
        assert (plan.name, plan.list_price_monthly) == ("Start", 12)


def test_another_organizations_rows_and_unknown_files_are_missing(cast, shop):
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        foreign = Product.objects.create(source_id="z", name="Zebra")
    with inside(cast):
        for file, pk in (("products", foreign.pk), ("accounts", Account.objects.first().pk), ("usage", foreign.pk)):
            with pytest.raises(Http404):
                change_row(actor=member(cast), file=file, row_id=pk, cells={"name": "Mine"})
        with pytest.raises(Http404):
            add_row(actor=member(cast), file="accounts", cells={"account_id": "x", "name": "x"})


def gaps_of(cast) -> dict[str, tuple[int, float]]:
    with inside(cast):
        found = read_catalogue(Organization.objects.get(), today(), with_amounts=True)
    return {gap.title: (gap.affects.accounts, gap.affects.arr) for gap in found.gaps}


def test_gaps_stand_in_the_order_of_the_arr_they_affect(cast, shop):
    with inside(cast):
        ensure_usage_months(today() - timedelta(days=40), today())
        first = Account.objects.get(source_id="a1")
        for metric, day in (("feature:chat", 3), ("feature:map", 3), ("feature:old", 30), ("events", 3)):
            Usage.objects.create(
                organization_id=cast.acme.id,
                account=first,
                metric=metric,
                day=today() - timedelta(days=day),
                quantity=4,
            )
        Usage.objects.create(
            organization_id=cast.acme.id,
            account=first,
            metric="feature:idle",
            day=today() - timedelta(days=3),
            quantity=0,
        )
    assert list(gaps_of(cast).items()) == [
        ("No value milestone is recorded", (3, 72_000.0)),
        ("Extra, Bare: no limit", (1, 36_000.0)),
        ("Extra, Bare: no list price", (1, 36_000.0)),
        ("Extra, Bare: no price basis", (1, 36_000.0)),
        ("Extra: no need phrases", (2, 36_000.0)),
        ("Main: subscriptions without a plan", (1, 24_000.0)),
        ("chat: used, not marked", (1, 12_000.0)),
    ]


def test_a_gap_that_is_filled_is_gone(cast, shop):
    assert "Extra, Bare: no list price" in gaps_of(cast)
    change(cast, "plans", shop["bare"], list_price_monthly="99", price_basis="per_seat")
    change(cast, "products", shop["extra"], need_phrases="extra room")
    assert not {"Extra, Bare: no list price", "Extra, Bare: no price basis", "Extra: no need phrases"} & set(
        gaps_of(cast)
    )
    with inside(cast):
        add_row(
            actor=member(cast),
            file="features",
            cells={"product_id": "extra", "metric": "feature:a", "effect": "neutral"},
        )
    assert gaps_of(cast)["Extra: no key feature marked"] == (1, 36_000.0)


def test_the_pages_show_and_change(cast, shop, client_for):
    client = client_for(cast.alice)
    page = client.get(URL).content.decode()
    assert page.index("Extra, Bare: no limit") < page.index("Main: subscriptions without a plan")
    assert f"{URL}plan_limits/new/?plan_id=bare" in page
    product = client.get(f"{URL}product/{shop['main'].pk}/").content.decode()
    assert "api_calls 100" in product
    feature = _feature(cast)
    answer = client.post(f"{URL}features/{feature.pk}/", {"effect": "negative"}, follow=True).content.decode()
    assert "Map is changed, from the next night on." in answer
    assert _feature(cast).effect == "negative"
    with inside(cast):
        entry = AuditEntry.objects.get(action="catalogue.changed")
    assert f"{URL}undo/{entry.pk}/" in answer
    client.post(f"{URL}undo/{entry.pk}/")
    assert _feature(cast).effect == "key"
    form = client.get(f"{URL}plan_limits/new/?plan_id=bare").content.decode()
    assert '<option value="bare" selected>' in form
    bad = client.post(f"{URL}plan_limits/new/", {"plan_id": "bare", "metric": "seats", "included": "none"})
    assert bad.status_code == 422
    assert "Not a decimal" in bad.content.decode()
    assert 'value="seats"' in bad.content.decode()
    good = client.post(f"{URL}plan_limits/new/", {"plan_id": "bare", "metric": "seats", "included": "1,200"})
    assert good.headers["Location"] == f"{URL}product/{shop['extra'].pk}/"
    with inside(cast):
        assert PlanLimit.objects.get(metric="seats").included == 1200.0
        event = ProductEvent.objects.count()
    client.post(f"{URL}product_events/new/", {"kind": "release", "happened_on": "2026-01-05", "title": "Release 9"})
    with inside(cast):
        assert ProductEvent.objects.count() == event + 1
    assert "Release 9" in client.get(URL).content.decode()
    assert "changed the catalogue" in client.get("/o/acme/audit/").content.decode()


def _feature(cast) -> Feature:
    with inside(cast):
        return Feature.objects.get(metric="feature:map")


def main_of(answer) -> str:
    """The page without its frame."""
    page = answer.content.decode()
    return page[page.index('id="main"') : page.index("</main>")]


def test_readers_read_strangers_find_nothing_and_verbs_are_kept_apart(cast, shop, client_for):
    row = f"{URL}plans/{shop['basic'].pk}/"
    bob = client_for(cast.bob)
    for path in (URL, f"{URL}product/{shop['main'].pk}/"):
        page = bob.get(path)
        assert page.status_code == 200
        assert "<form" not in main_of(page)
        assert client_for(cast.charlie).get(path).status_code == 404
        assert client_for(cast.alice).post(path).status_code == 405
    for path in (row, f"{URL}plans/new/"):
        assert bob.get(path).status_code == 403
        assert bob.post(path, {"name": "Bob's"}).status_code == 403
        assert client_for(cast.charlie).post(path).status_code == 404
    assert bob.post(f"{row}remove/").status_code == 403
    assert client_for(cast.alice).get(f"{row}remove/").status_code == 405
    for path in (
        "contracts/new/",
        f"accounts/{shop['main'].pk}/",
        f"plans/{shop['main'].pk}/",
        f"product/{shop['basic'].pk}/",
    ):
        assert client_for(cast.alice).get(URL + path).status_code == 404


def test_who_does_not_see_the_whole_book_sees_no_amounts(cast, shop, client_for):
    with inside(cast):
        Organization.objects.update(visibility=Visibility.OWN)
        Milestone.objects.create(account=Account.objects.get(source_id="a1"), milestone="kick_off", reached_on=today())
    assert "kick_off" in main_of(client_for(cast.alice).get(URL))
    page = main_of(client_for(cast.bob).get(URL))
    assert "kick_off" not in page
    assert "Main" in page
    assert "€" not in page
    assert "no limit" not in page


@pytest.mark.parametrize("rows", [1, 30])
def test_the_same_queries_with_one_and_with_thirty_rows(cast, shop, client_for, rows):
    with inside(cast):
        for number in range(rows):
            product = Product.objects.create(source_id=f"p{number}", name=f"P {number}")
            plan = Plan.objects.create(source_id=f"pl{number}", product=product, name="Plan", rank=1)
            PlanLimit.objects.create(plan=plan, metric="seats", included=5)
            Feature.objects.create(product=shop["main"], metric=f"feature:{number}")
            ProductEvent.objects.create(source_id=f"e{number}", kind="release", happened_on=today(), product=product)
    client = client_for(cast.alice)
    counts = []
    for path in (URL, f"{URL}product/{shop['main'].pk}/"):
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        counts.append(len(captured))
    assert counts == [16, 17]


def test_after_the_trial_nothing_is_changed(cast, shop, client_for):
    with inside(cast):
        Membership.objects.filter(user=cast.bob).update(role=Role.ADMIN)
        Organization.objects.update(trial_ends_at=timezone.now())
    assert client_for(cast.bob).post(f"{URL}plans/{shop['basic'].pk}/", {"name": "x"}).status_code == 403
    assert "<form" not in main_of(client_for(cast.bob).get(URL))


def test_edits_are_kept_by_the_key_of_their_file(cast, shop):
    change(cast, "plan_limits", _limit(cast), included="150")
    with inside(cast):
        edit = CatalogueEdit.objects.get()
        assert (edit.file, json.loads(edit.key), edit.column, edit.source_cell) == (
            "plan_limits",
            ["basic", "api_calls"],
            "included",
            "100",
        )


def _limit(cast) -> PlanLimit:
    with inside(cast):
        return PlanLimit.objects.get(metric="api_calls")
