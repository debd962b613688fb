"""The chart of a row of Today: real weeks of use, asked for by whoever sees the account, and cheap."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.context import organization_context
from accounts.models import Membership, Organization, Role, Visibility
from diagnostics.charts.evidence import Week, draw_evidence
from diagnostics.models import Night, Priority
from portfolio.models import Account, Product, ProductEvent, Usage
from portfolio.models.usage import ensure_usage_months
from tests.diagnostics.books import NIGHT, diagnose_book, make_leaving_account

FIRST = date(2026, 8, 27)


def weeks(*values):
    return [Week(FIRST + timedelta(days=7 * place), value) for place, value in enumerate(values)]


def test_a_fall_is_drawn_from_its_first_week_to_its_last():
    chart = draw_evidence(weeks(200.0, 100.0, 50.0))
    assert chart.line == "M4.0 30.0L163.0 70.0L322.0 90.0"
    assert chart.area == "M4.0 114.0L4.0 30.0L163.0 70.0L322.0 90.0L322.0 114.0z"
    assert (chart.tone, chart.first.value, chart.last.value, chart.event_x) == ("down", 200.0, 50.0, None)


@pytest.mark.parametrize(
    ("values", "tone"), [((100.0, 90.0, 106.0), "up"), ((100.0, 50.0, 96.0), ""), ((0.0, 5.0, 5.0), "up")]
)
def test_the_tone_is_that_of_first_and_last(values, tone):
    assert draw_evidence(weeks(*values)).tone == tone


def test_the_area_begins_where_the_event_is():
    chart = draw_evidence(weeks(100.0, 100.0, 0.0), FIRST + timedelta(days=7))
    assert (chart.event_x, chart.event_text_x, chart.event_anchor) == (163.0, 170.0, "start")
    assert chart.area == "M163.0 114.0L163.0 30.0L163.0 30.0L322.0 110.0L322.0 114.0z"
    late = draw_evidence(weeks(100.0, 100.0, 0.0), FIRST + timedelta(days=14))
    assert (late.event_x, late.event_anchor) == (322.0, "end")
    for outside in (FIRST, FIRST + timedelta(days=15)):
        assert draw_evidence(weeks(100.0, 100.0, 0.0), outside).event_x is None


@pytest.mark.parametrize("values", [(), (5.0,), (5.0, 4.0), (0.0, 0.0, 0.0)])
def test_too_few_weeks_and_silence_are_no_chart(values):
    assert draw_evidence(weeks(*values)) is None


# ── on the page ──────────────────────────────────────────────────────────────────────────────────────────────────

db = pytest.mark.django_db


def use(account: Account, metric: str, quantity, days: int = 91) -> None:
    """`quantity` of so many days ago, on each day up to the night."""
    Usage.objects.bulk_create(
        Usage(
            organization_id=account.organization_id,
            account=account,
            metric=metric,
            day=NIGHT - timedelta(days=ago),
            quantity=float(quantity(ago)),
        )
        for ago in range(days)
    )


@pytest.fixture
def kestrel(cast):
    """Bob's account that gave notice, used by 1,400 people a day twelve weeks ago and by 700 now."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        ensure_usage_months(NIGHT - timedelta(days=120), NIGHT)
        account = make_leaving_account("Kestrel", owner=cast.bob.email)
        use(account, "active_users", lambda ago: 700 if ago < 42 else 1400)
        use(account, "events", lambda ago: 9)
        make_leaving_account("Unused", owner=cast.bob.email)
    diagnose_book(cast.acme)
    return cast


def address(cast, name: str = "Kestrel") -> str:
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        return f"/o/acme/accounts/{Account.objects.get(name=name).pk}/evidence/"


@db
def test_an_opened_row_asks_for_its_weeks_and_gets_them(kestrel, client_for):
    client = client_for(kestrel.bob)
    url = address(kestrel)
    assert f'hx-get="{url}" hx-trigger="intersect once"' in client.get("/o/acme/today/").content.decode()
    text = client.get(url).content.decode()
    assert "<html" not in text
    assert "<figcaption>Active users a day, by week</figcaption>" in text
    assert re.search(r'aria-label="Active users a day, by week: 1,400 on [^"]+, 700 on [^"]+\."', text)
    [line] = re.findall(r'class="c-line c-line--d" d="([^"]+)"', text)
    heights = [float(y) for _x, y in re.findall(r"([\d.]+) ([\d.]+)", line)]
    assert heights == [30.0] * 7 + [70.0] * 6
    assert ">1,400</text>" in text
    assert ">700</text>" in text


@db
def test_coordinates_take_no_comma_in_french(kestrel, client_for):
    text = client_for(kestrel.bob).get(address(kestrel), headers={"Accept-Language": "fr"}).content.decode()
    assert "1\u202f400" in text
    assert not re.search(r' (?:d|x|y|cx|cy)="[^"]*,', text)


@db
def test_people_within_a_week_are_read_on_its_last_day_and_an_event_is_marked(kestrel, client_for):
    with organization_context(organization_id=kestrel.acme.id, user_id=kestrel.alice.id):
        account = Account.objects.get(name="Kestrel")
        use(account, "active_users_7d", lambda ago: 10 if ago % 7 else 300 - ago)
        event = ProductEvent.objects.create(
            source_id="e", kind="release", happened_on=NIGHT - timedelta(days=35), title="Release <8.2>"
        )
        Priority.objects.filter(account=account).update(event=event)
    text = client_for(kestrel.bob).get(address(kestrel)).content.decode()
    assert "Active users, weekly: 216 on" in text
    assert ">300</text>" in text
    assert "Release &lt;8.2&gt;</text>" in text
    assert 'class="c-thr"' in text


@db
def test_without_use_there_is_no_figure(kestrel, client_for):
    answer = client_for(kestrel.bob).get(address(kestrel, "Unused"))
    assert (answer.status_code, answer.content) == (200, b"")
    with organization_context(organization_id=kestrel.acme.id, user_id=kestrel.alice.id):
        Night.objects.update(usage_known_to=None)
    assert client_for(kestrel.bob).get(address(kestrel)).content == b""


@db
def test_it_is_for_those_who_see_the_account(kestrel, client_for):
    url = address(kestrel)
    with organization_context(organization_id=kestrel.acme.id, user_id=kestrel.alice.id):
        Membership.objects.filter(user=kestrel.dora).update(role=Role.VIEWER)
    seen = {name: client_for(getattr(kestrel, name)).get(url).status_code for name in ("alice", "bob", "charlie")}
    assert seen == {"alice": 200, "bob": 200, "charlie": 404}
    assert client_for(kestrel.dora).get(url).status_code == 200  # reading is no act
    with organization_context(organization_id=kestrel.acme.id, user_id=kestrel.alice.id):
        Membership.objects.filter(user=kestrel.dora).update(role=Role.CSM)
        Organization.objects.update(visibility=Visibility.OWN)
    assert client_for(kestrel.dora).get(url).status_code == 404
    client = client_for(kestrel.bob)
    assert client.post(url).status_code == 405
    assert client.get("/o/acme/accounts/01a21f93-4c99-76c0-a743-4aea4b66875f/evidence/").status_code == 404
    assert client.get("/o/acme/accounts/nothing/evidence/").status_code == 404


@db
@pytest.mark.parametrize("products", [1, 30])
def test_the_same_queries_for_one_product_and_for_thirty(kestrel, client_for, products):
    with organization_context(organization_id=kestrel.acme.id, user_id=kestrel.alice.id):
        account = Account.objects.get(name="Kestrel")
        for number in range(products):
            product = Product.objects.create(source_id=f"p{number}", name=f"P{number}")
            Usage.objects.create(
                organization_id=account.organization_id,
                account=account,
                product=product,
                metric="active_users",
                day=NIGHT,
                quantity=7,
            )
    client, url = client_for(kestrel.bob), address(kestrel)
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        client.get(url, headers={"HX-Request": "true"})
    assert len(captured) == 11
