"""Calibration finds what outcomes hang on, and only that; it learns from nothing that was not known by its date."""

import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from threading import Thread

import numpy as np
import polars as pl
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import AuditEntry, Organization
from diagnostics import calibration
from diagnostics.calibration import TooLittleHistory, _list_folds, calibrate, fit_model
from diagnostics.discrimination import measure_auc
from diagnostics.engine import DEFAULT_MODEL, diagnose, read_contributions
from diagnostics.fitting import FREE, OVERLAP, fit_correction, fit_log_odds
from diagnostics.model_versions import publish_model, read_model
from diagnostics.models import Diagnosis, ModelVersion, Night
from diagnostics.outcomes import read_outcomes
from portfolio.models import Account, Invoice, Product, Subscription
from tests.diagnostics.past_books import make_past

AS_OF = date(2025, 3, 1)
SETTLED = 120


def fit(past):
    return fit_model(past, DEFAULT_MODEL, AS_OF, settled_days=SETTLED)


@pytest.fixture(scope="module")
def fitted():
    return fit(make_past())


def weight(model, name):
    return model.weights[name]["mid_market"]


def test_what_outcomes_hang_on_gains_weight_and_the_rest_loses_it(fitted):
    model, trial = fitted.model, fitted.trials["health"]
    assert trial.kept
    assert trial.fitted.low > 0.7
    assert trial.fitted.value > trial.default.value + 0.05
    assert weight(model, "overdue_invoices") > 2 * weight(DEFAULT_MODEL, "overdue_invoices")
    assert weight(model, "usage_trend_84") < 0.5 * weight(DEFAULT_MODEL, "usage_trend_84")
    assert fitted.trials["potential"].kept
    assert weight(model, "usage_growth") > 2 * weight(DEFAULT_MODEL, "usage_growth")
    assert weight(model, "seats_taken") < 0.5 * weight(DEFAULT_MODEL, "seats_taken")


def test_no_weight_turns_against_its_signals_direction(fitted):
    # Tickets past due are fewer where accounts leave: the data ask for a negative weight and get none.
    assert weight(fitted.model, "tickets_past_due") == 0.0
    assert min(min(tiers.values()) for tiers in fitted.model.weights.values()) >= 0


def test_a_signal_that_never_spoke_keeps_its_default(fitted):
    for name in ("key_features", "negative_features", "sponsor_left", "notice_given", "renewal_late"):
        assert fitted.model.weights[name] == DEFAULT_MODEL.weights[name]


def test_scores_keep_their_scale_and_add_up(fitted):
    past = make_past(nights=2)[-1]
    for score in ("health", "potential"):
        before, after = (diagnose(past.features, m, past.night)[score] for m in (DEFAULT_MODEL, fitted.model))
        assert abs(before.median() - after.median()) < 4
    rows = diagnose(past.features, fitted.model, past.night)
    for row in rows.head(50).to_dicts():
        parts = read_contributions(fitted.model, row["points"], row["values"])
        for score in ("health", "potential"):
            assert fitted.model.base[score] + sum(p.points for p in parts if p.score == score) == row[score]


def test_churn_risk_forecasts_the_rate_of_later_nights(fitted):
    later = make_past(nights=14)[-3:]
    frame = pl.concat(one.diagnose(fitted.model) for one in later)
    assert abs(frame["churn_risk"].mean() - frame["churned_90d"].mean()) < 0.02
    assert fitted.curve.kept
    assert sum(part.rows for part in fitted.curve.reliability) == 3 * 300


def draw_losses(rate, known, rows=60_000):
    """Forecasts of 4 % for accounts that leave at `rate` in 90 days, seen for a part of them."""
    random = np.random.default_rng(8)
    left = random.random(rows) < 1 - (1 - rate) ** known
    return np.full(rows, np.log(0.04 / 0.96)), left, np.full(rows, known)


@pytest.mark.parametrize("known", [1.0, 0.35])
def test_the_last_months_set_the_level_though_their_outcomes_are_known_in_part(known):
    log_odds, left, part = draw_losses(0.08, known)
    slope, shift = fit_correction(log_odds, left, part)
    moved = 1 / (1 + np.exp(-(slope * log_odds[0] + shift)))
    assert moved == pytest.approx(0.08, abs=0.004)
    # Taken for whole outcomes, a third of the time would look like a third of the losses.
    if known < 1:
        slope, shift = fit_correction(log_odds, left, np.ones(len(left)))
        assert 1 / (1 + np.exp(-(slope * log_odds[0] + shift))) < 0.04


def test_few_accounts_move_the_level_little():
    many, few = (fit_correction(*draw_losses(0.16, 0.5, rows=rows)) for rows in (60_000, 60))
    assert 0 < few[1] < many[1] / 4


def test_the_level_is_where_the_penalised_likelihood_is_greatest():
    random = np.random.default_rng(9)
    log_odds, known = random.normal(-2, 1, 900), random.uniform(0.3, 1, 900)
    left = random.random(900) < 1 - (1 - 1 / (1 + np.exp(-log_odds - 0.4))) ** known

    def lose(slope, shift):
        leaves = 1 - (1 - 1 / (1 + np.exp(-slope * log_odds - shift))) ** known
        told = np.where(left, np.log(leaves), np.log(1 - leaves)).sum() / OVERLAP
        return -told + ((slope - 1) / 0.1) ** 2 / 2 + (shift / 0.3) ** 2 / 2

    best = fit_correction(log_odds, left, known)
    around = [(best[0] + a, best[1] + b) for a in (-0.01, 0, 0.01) for b in (-0.01, 0, 0.01)]
    assert min(around, key=lambda one: lose(*one)) == best


def test_a_year_that_turned_raises_the_forecasts_before_its_outcomes_are_all_known():
    nights = make_past(nights=12)
    past, calm = nights[:10], nights[10:]
    worse = [replace(one, outcomes=turn(one)) for one in calm]
    as_of = calm[-1].night + timedelta(days=SETTLED - 30)
    quiet, turned = (fit_model(past, DEFAULT_MODEL, as_of, settled_days=SETTLED, recent=r) for r in (calm, worse))
    assert turned.curve.shift > quiet.curve.shift + 0.1
    assert turned.curve.recent == 2
    assert turned.model.weights == quiet.model.weights


def turn(past):
    """Every fifth account leaves 20 days after the night."""
    leaves = pl.int_range(pl.len()) % 5 == 0
    return past.outcomes.with_columns(
        churned_90d=leaves, churned_on=pl.when(leaves).then(pl.lit(past.night + timedelta(days=20)))
    )


def test_outcomes_dealt_out_at_random_teach_nothing():
    found = fit(make_past(shuffle=5))
    for trial in found.trials.values():
        assert trial.accounts >= 50
        assert not trial.kept
        assert not trial.fitted.reliable
    assert found.model.weights == DEFAULT_MODEL.weights


def test_one_outcome_too_rare_leaves_the_other_to_be_fitted():
    found = fit(make_past(everybody_stays=True))
    assert found.trials["health"].why_not == "0 accounts churned, at least 50 are needed"
    assert found.trials["potential"].kept
    assert found.model.risk == DEFAULT_MODEL.risk
    assert {n: weight(found.model, n) for n in ("tenure", "overdue_invoices")} == {"tenure": 8, "overdue_invoices": 11}


def test_too_few_accounts_are_refused():
    with pytest.raises(TooLittleHistory, match="at least 50"):
        fit(make_past(accounts=30))


def test_too_few_nights_are_refused():
    with pytest.raises(TooLittleHistory, match="4 monthly nights"):
        fit(make_past(nights=4))


@pytest.mark.parametrize("count", [6, 9, 12, 24])
def test_a_fold_is_judged_by_what_was_known_on_its_first_night(count):
    nights = [one.night for one in make_past(nights=count, accounts=1)]
    folds = list(_list_folds(nights, SETTLED))
    assert folds
    for train, test in folds:
        assert train.max() + SETTLED <= test.min()
    judged = [day for _train, test in folds for day in test]
    assert len(judged) == len(set(judged))


def test_without_bounds_and_prior_it_is_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(3)
    columns = random.normal(size=(400, 3))
    labels = random.random(400) < 1 / (1 + np.exp(-(columns @ [1.0, -0.5, 0.0] - 1)))
    ours = fit_log_odds(
        np.hstack([columns, np.ones((400, 1))]),
        labels,
        prior=[0.0] * 4,
        spread=[0.5] * 3 + [FREE],
        bounds=[(None, None)] * 4,
    )
    theirs = LogisticRegression(C=0.25, tol=1e-8).fit(columns, labels)
    assert ours == pytest.approx([*theirs.coef_[0], theirs.intercept_[0]], abs=1e-3)


def test_auc_is_that_of_scikit_learn_ties_included():
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(4)
    labels, scores = random.random(500) < 0.2, np.round(random.normal(size=500), 1)
    assert measure_auc(labels, scores).value == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    assert measure_auc(np.ones(5, dtype=bool), np.arange(5.0)).value is None


# ── in the database ──────────────────────────────────────────────────────────────────────────────────────────────

START = date(2023, 12, 1)


def make_portfolio(organization, *, accounts: int = 160) -> list[Account]:
    """Accounts that leave within two years if they have one product, stay if they have two; invoices make billing."""
    core = Product.objects.create(source_id="core", name="Core", core=True)
    extra = Product.objects.create(source_id="extra", name="Extra")
    made = Account.objects.bulk_create(
        Account(organization_id=organization.id, source_id=f"a{n:03}", name=f"A {n}", currency="EUR")
        for n in range(accounts)
    )
    periods = []
    for number, account in enumerate(made):
        leaves = number % 2 == 0 and number % 10 != 0
        ended = START + timedelta(days=100 + 2 * number) if leaves else None
        owned = (core,) if number % 2 == 0 else (core, extra)
        periods += [make_period(account, product, START, ended) for product in owned]
    Subscription.objects.bulk_create(periods)
    return made


def make_period(account, product, started, ended, **fields):
    return Subscription(
        organization_id=account.organization_id,
        source_id=f"{account.source_id}-{product.source_id}",
        account=account,
        product=product,
        started_on=started,
        ended_on=ended,
        term_months=1,
        mrr=fields.pop("mrr", Decimal(100)),
        currency="EUR",
        **fields,
    )


@pytest.mark.django_db(transaction=True)
def test_facts_after_the_date_change_nothing_and_publishing_adds_one_version(cast):
    from accounts.context import service_context

    with service_context(cast.acme.id):
        accounts = make_portfolio(cast.acme)
    first = calibrate(cast.acme.id, AS_OF)
    assert first.trials["health"].accounts >= 50
    assert first.changed
    assert first.nights[-1] + timedelta(days=120) <= AS_OF
    with service_context(cast.acme.id):
        assert (ModelVersion.objects.count(), Night.objects.count(), Diagnosis.objects.count()) == (0, 0, 0)
        # What comes after the date: everybody else leaves, some grow, an invoice is issued.
        Subscription.objects.filter(ended_on=None).update(ended_on=AS_OF + timedelta(days=1))
        Subscription.objects.bulk_create(
            make_period(accounts[n], Product.objects.get(source_id="core"), AS_OF + timedelta(days=1), None, mrr=900)
            for n in range(1, 40, 2)
        )
        Invoice.objects.create(
            source_id="i", account=accounts[0], issued_on=AS_OF + timedelta(days=2), amount=5, currency="EUR"
        )
    assert calibrate(cast.acme.id, AS_OF + timedelta(days=90)).model.to_json() != first.model.to_json()

    out = io.StringIO()
    call_command("calibrate", organization="acme", as_of=AS_OF, publish=True, stdout=out)
    assert "Published as version 1" in out.getvalue()
    with service_context(cast.acme.id):
        [version] = ModelVersion.objects.all()
        assert read_model(version) == replace(first.model, version=1)
        # The same again is the same version.
        assert publish_model(first.model, fitted={}) == version
        entry = AuditEntry.objects.get(action="model.published")
        assert entry.details == {"number": 1, "origin": "fitted", "replaced": None, "returned_to": None}
    assert version.origin == "fitted"
    assert version.parameters["fitted"]["as_of"] == "2025-03-01"
    call_command("diagnose", organization="acme", night=date(2025, 1, 31), stdout=out)
    with service_context(cast.acme.id):
        assert Night.objects.get().model_version == version


def publish_meanwhile():
    publish_model(
        replace(DEFAULT_MODEL, thresholds=replace(DEFAULT_MODEL.thresholds, fragile_below=55.0)), origin="own"
    )


def raise_amount_meanwhile():
    Organization.objects.update(defense_arr=Decimal(77_000))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("act", "why"),
    [(publish_meanwhile, "Another version of the model was published"), (raise_amount_meanwhile, "amount for defense")],
)
def test_what_people_set_while_it_ran_is_not_published_over(cast, monkeypatch, act, why):
    """Somebody else's transaction commits between the reading of the thresholds and the publishing."""
    from accounts.context import service_context

    with service_context(cast.acme.id):
        make_portfolio(cast.acme)

    def somebody_else():
        with service_context(cast.acme.id):
            act()
        connection.close()

    def fit_meanwhile(*given, **options):
        found = fit_model(*given, **options)
        other = Thread(target=somebody_else)
        other.start()
        other.join()
        return found

    monkeypatch.setattr(calibration, "fit_model", fit_meanwhile)
    with pytest.raises(CommandError, match=f"Nothing is published. .*{why}"):
        call_command("calibrate", organization="acme", as_of=AS_OF, publish=True)
    with service_context(cast.acme.id):
        assert not ModelVersion.objects.filter(origin="fitted").exists()
    monkeypatch.undo()
    out = io.StringIO()
    call_command("calibrate", organization="acme", as_of=AS_OF, publish=True, stdout=out)
    assert "Published as version" in out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_young_organization_is_told_that_the_default_stays(cast):
    with pytest.raises(CommandError, match="The default stays"):
        call_command("calibrate", organization="acme", as_of=AS_OF)


@pytest.mark.django_db
def test_an_end_is_churn_once_its_grace_is_over(acme_context, cast):
    core = Product.objects.create(source_id="core", name="Core", core=True)
    accounts = {name: Account.objects.create(source_id=name, name=name) for name in ("left", "late", "grew", "lapsed")}
    night = date(2025, 1, 1)

    def pay(name, start, end=None, mrr=100):
        make_period(accounts[name], core, night + timedelta(days=start), end and night + timedelta(days=end)).save()
        if mrr != 100:
            Subscription.objects.filter(account=accounts[name], started_on=night + timedelta(days=start)).update(
                mrr=mrr
            )

    pay("left", -300, 60)
    pay("late", -300, 40)
    pay("late", 60)
    pay("grew", -300, 30)
    pay("grew", 30, mrr=150)
    pay("lapsed", -300, -10)
    ids = pl.Series([str(account.id) for account in accounts.values()])

    def read(known_by):
        found = read_outcomes(cast.acme, known_by=known_by).judge(ids, night)
        return dict(zip(accounts, found.select("churned_90d", "expanded_90d").rows(), strict=True))

    assert read(night + timedelta(days=120)) == {
        "left": (True, False),
        "late": (False, False),
        "grew": (False, True),
        "lapsed": (True, False),
    }
    assert read(night + timedelta(days=89))["left"] == (False, False)
    assert read_outcomes(cast.acme, known_by=date(2025, 5, 1)).last_night == night
