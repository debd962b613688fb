"""What people changed in the catalogue, met by imports, undos, exports and the removal of the sample."""

import pytest

from accounts.context import organization_context
from accounts.models import Membership
from accounts.tenancy import service_context
from portfolio.catalogue import add_row, change_row
from portfolio.importing import take_back
from portfolio.importing.undo import claim_undo
from portfolio.models import CatalogueEdit, Feature, PlanLimit, Product
from tests.portfolio.desk import BASE

pytestmark = pytest.mark.django_db

FILES = {
    "products.csv": "product_id,name,core,need_phrases\ncrm,CRM,true,\nflow,Flow,false,\n",
    "plans.csv": "plan_id,product_id,name,rank,list_price_monthly\nteam,crm,Team,1,10\nscale,crm,Scale,2,20.50\n",
    "features.csv": "product_id,metric,effect,opens_expansion\ncrm,feature:map,neutral,\n",
    "plan_limits.csv": "plan_id,metric,included\nteam,seats,5\n",
}


def change(cast, file, source_id, **cells):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        model = {"products": Product, "features": Feature, "plan_limits": PlanLimit}[file]
        row = model.objects.get(**({"metric": source_id} if file != "products" else {"source_id": source_id}))
        change_row(actor=Membership.objects.get(user=cast.alice), file=file, row_id=row.pk, cells=cells)


def edited(desk) -> set[tuple[str, str, str]]:
    with service_context(desk.organization.pk):
        return set(CatalogueEdit.objects.values_list("file", "column", "source_cell"))


@pytest.fixture
def shop(cast, desk):
    """The files landed; then people added phrases, marked a feature, raised a limit and renamed a product."""
    desk.drop({**BASE, **FILES})
    change(cast, "products", "flow", need_phrases="automate; automatiser", name="Flow Pro")
    change(cast, "features", "feature:map", effect="key", opens_expansion="true")
    change(cast, "plan_limits", "seats", included="8")
    return desk


def test_the_same_files_again_leave_what_people_changed(shop):
    before = shop.export()
    record = shop.drop(FILES)
    assert {row[2] for row in shop.counts(record).values()} == {0}  # nothing updated
    assert shop.export() == before
    assert [row["name"] for row in shop.facts("products", ["name"])] == ["CRM", "Flow Pro"]


def test_what_the_source_says_anew_lands_and_the_rest_stands(shop):
    record = shop.drop({**FILES, "products.csv": FILES["products.csv"].replace("Flow,", "Flow 2,")})
    assert shop.counts(record)["products.csv"] == (2, 0, 1, 1, 0)
    flow = next(row for row in shop.facts("products") if row["product_id"] == "flow")
    assert (flow["name"], flow["need_phrases"]) == ("Flow 2", "automate; automatiser")
    assert ("products", "name", "Flow") not in edited(shop)
    assert ("products", "need_phrases", "") in edited(shop)


def test_a_file_without_the_column_says_nothing_about_it(shop):
    shop.drop({"products.csv": "product_id,name\nflow,Flow\n"})
    flow = next(row for row in shop.facts("products") if row["product_id"] == "flow")
    assert (flow["name"], flow["need_phrases"]) == ("Flow Pro", "automate; automatiser")


def test_an_export_carries_changes_and_their_memory_to_the_byte(shop, other_desk):
    first = shop.export()
    other_desk.drop({name: content for name, content in first.items() if name != "manifest.json"})
    assert other_desk.export() == first
    assert edited(other_desk) == edited(shop)
    # The original files, met there, find the changes standing as they do at home.
    other_desk.drop(FILES)
    assert other_desk.export() == first


def test_an_undone_import_leaves_what_people_changed_since(cast, shop):
    record = shop.drop({"products.csv": "product_id,name,need_phrases\ncrm,CRM 9,log calls\n"})
    change(cast, "products", "crm", need_phrases="log calls; note calls")
    shop.take_back(record)
    crm = next(row for row in shop.facts("products") if row["product_id"] == "crm")
    assert (crm["name"], crm["need_phrases"]) == ("CRM", "log calls; note calls")
    # Behind it stands what the source said before.
    assert ("products", "need_phrases", "") in edited(shop)


def test_what_was_added_to_a_sample_goes_with_it(cast, desk):
    record = desk.drop({**BASE, **FILES})
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        actor = Membership.objects.get(user=cast.alice)
        plan, _ = add_row(actor=actor, file="plans", cells={"product_id": "crm", "name": "Own", "rank": "3"})
        add_row(actor=actor, file="plan_limits", cells={"plan_id": plan.source_id, "metric": "seats", "included": "3"})
        add_row(actor=actor, file="features", cells={"product_id": "flow", "metric": "feature:x", "effect": "key"})
        assert claim_undo(record.pk)
    take_back(desk.organization.pk, record.pk, with_what_members_did=True)
    with service_context(desk.organization.pk):
        assert not Product.objects.exists()
        assert not PlanLimit.objects.exists()


@pytest.mark.parametrize(
    "content",
    ['{"a": 1}', '[{"file": "accounts", "key": "[]", "column": "name", "source": ""}]', '[{"file": "products"}]'],
)
def test_edits_that_are_none_are_refused(desk, content):
    settings = f'{{"organization": {{}}, "catalogue_edits": {content}}}'
    record = desk.drop({"settings.json": settings, **BASE})
    assert desk.states(record)["settings.json"][1] == ["This is no settings file of an export. Ignored."]
    assert edited(desk) == set()
