"""One worked example per signal: the facts, the points, and the sentence in both languages."""

import polars as pl
import pytest

from diagnostics.engine import DEFAULT_MODEL, diagnose
from diagnostics.engine.signals import SIGNALS, TIERS
from tests.engine.books import NIGHT, PLAIN, days_ago, diagnose_changed, explain, make_book

QUIET = {"activity_28": 400.0, "activity_29_56": 400.0, "activity_57_84": 400.0}
FALLEN = {"activity_28": 800.0}
NEW = {"phase": "onboarding", "milestones_known": True, "milestones": 0}

# signal: (facts beside the plain account's, points, what the English sentence says, what the French one says)
EXAMPLES = {
    "usage_level": (
        QUIET,
        -6.375,
        "**400** uses in 28 days, where comparable accounts show **2,000**.",
        "**400** utilisations en 28 jours, contre **2 000** chez les comptes comparables.",
    ),
    "own_rhythm": (
        {"last_used_on": days_ago(12)},
        -10.0625,
        "Not used for **12 days**; it is usually used every **1.4 days**.",
        "Aucune utilisation depuis **12 jours**, alors que le rythme habituel est de **1,4 jours**.",
    ),
    "usage_trend_7": (
        {"active_days_7": 1, "active_days_28": 16},
        -1.625,
        "Used on **1 day** of the last week, on **5** a week in the three before; other accounts moved by **0%**.",
        "Utilisé **1 jour** la dernière semaine, contre **5** par semaine les trois d’avant ; les autres comptes ont "
        "bougé de **0 %**.",
    ),
    "usage_trend_28": (
        FALLEN,
        -6.75,
        "Activity went from **2,000** to **800** in 28 days; other accounts moved by **0%** in the same weeks.",
        "L’activité est passée de **2 000** à **800** en 28 jours ; les autres comptes ont bougé de **0 %** sur les "
        "mêmes semaines.",
    ),
    "usage_trend_84": (
        FALLEN,
        -9.6875,
        "Four weeks bring **800** uses, two months earlier **2,000**; other accounts moved by **0%**.",
        "**800** utilisations en quatre semaines, contre **2 000** deux mois plus tôt ; les autres comptes ont bougé "
        "de **0 %**.",
    ),
    "seat_activation": (
        {"active_users": 10.0},
        -3.4375,
        "**10 of 40** seats are active (**25%**); comparable accounts reach **65%**.",
        "Sièges actifs : **10 sur 40** (**25 %**) ; les comptes comparables atteignent **65 %**.",
    ),
    "feature_breadth": (
        {"features_84": 5},
        -8.0,
        "Uses **5 features**; comparable accounts use **10**.",
        "Utilise **5 fonctions** ; les comptes comparables en utilisent **10**.",
    ),
    "value_for_money": (
        QUIET,
        -3.1875,
        "Pays for more than it uses: **60** uses in 12 weeks per 100 of monthly price, comparable accounts **300**.",
        "Paie plus qu’il n’utilise : **60** utilisations en 12 semaines pour 100 de prix mensuel, "
        "contre **300** chez les comptes comparables.",
    ),
    "tickets_past_due": (
        {"tickets_overdue": 3, "overdue_ticket_days": 9, "severe_open": 3},
        -6.4375,
        "**3 tickets** open past the promised time, the oldest by **9 days**.",
        "**3 tickets ouverts** au-delà du délai promis, le plus ancien de **9 jours**.",
    ),
    "severe_tickets": (
        {"severe_90": 9},
        -9.0,
        "**9 high or urgent tickets** in 90 days; its activity lets expect **1.4**.",
        "**9 tickets graves** en 90 jours ; son activité en laisse attendre **1,4**.",
    ),
    "tickets_reopened": (
        {"reopened_90": 3},
        -6.0,
        "**3 of 4** tickets of the last 90 days were reopened or escalated.",
        "Tickets rouverts ou escaladés en 90 jours : **3 sur 4**.",
    ),
    "ticket_satisfaction": (
        {"good_180": 1, "bad_180": 3},
        -3.75,
        "**3 of 4** answers about support were bad in 180 days.",
        "Mauvais avis sur le support en 180 jours : **3 sur 4**.",
    ),
    "surveys": (
        {"survey_score": -0.5, "survey_answers": 2, "survey_on": days_ago(30)},
        -4.6875,
        "Survey answers stand at **−0.50** on a scale from −1 to 1 (**2 answers**, the last on 20 Oct).",
        "Les enquêtes donnent **−0,50** sur une échelle de −1 à 1 (**2 réponses**, la dernière le 20 octobre).",
    ),
    "silence_after_complaint": (
        {"last_complaint_on": days_ago(40), "last_ticket_on": days_ago(41), "last_exchange_on": days_ago(50)},
        -4.8125,
        "A complaint on **10 Oct**, and neither a ticket nor an exchange in the **40 days** since.",
        "Une plainte le **10 octobre**, puis ni ticket ni échange depuis **40 jours**.",
    ),
    "overdue_invoices": (
        {"overdue_invoices": 1, "overdue_amount": 23_000.0, "overdue_days": 34},
        -7.25,
        "**€23,000** is unpaid on **1 invoice**, the oldest **34 days** overdue.",
        "**23 000 €** restent impayés sur **1 facture**, la plus ancienne en retard de **34 jours**.",
    ),
    "failed_payments": (
        {"failed_90": 2},
        -4.6875,
        "**2 payments** failed in 90 days.",
        "**2 paiements ont échoué** en 90 jours.",
    ),
    "payment_discipline": (
        {"paid_on_time_365": 4},
        -3.875,
        "**4 of 12** invoices of the last year were paid on time.",
        "Factures payées à temps sur un an : **4 sur 12**.",
    ),
    "revenue_path": (
        {"arr_180_ago": 30_000.0},
        -4.5,
        "Pays **€24,000** a year, down from **€30,000** six months ago.",
        "Paie **24 000 €** par an, contre **30 000 €** il y a six mois.",
    ),
    "product_footing": (
        {"products": 2},
        4.6875,
        "Pays for **2 of 2** products, comparable accounts for **1**.",
        "Paie **2 produits sur 2**, les comptes comparables **1**.",
    ),
    "tenure": (
        {"first_paid_on": days_ago(90)},
        -6.0625,
        "Customer for **3 months**: young accounts leave more often.",
        "Client depuis **3 mois** : les comptes jeunes partent plus souvent.",
    ),
    "discount_dependence": (
        {"discount_percent": 40.0},
        -2.125,
        "Stays at a discount of **40%**.",
        "Reste avec une remise de **40 %**.",
    ),
    "price_rise": (
        {"price_rise": 0.14, "price_rise_on": days_ago(18)},
        -3.0,
        "Its unit price rose by **14%** on 1 Nov.",
        "Son prix unitaire a monté de **14 %** le 1er novembre.",
    ),
    "notice_given": (
        {"notice_given_on": days_ago(13), "arr_noticed": 24_000.0},
        -40.0,
        "Notice was given on **6 Nov** for **€24,000** a year.",
        "Résiliation annoncée le **6 novembre** pour **24 000 €** par an.",
    ),
    "renewal_late": (
        {"lapsed_on": days_ago(10)},
        -12.375,
        "Unpaid since **9 Nov**: the subscription ended **10 days** ago without a renewal.",
        "Plus rien de payé depuis le **9 novembre** : l’abonnement a pris fin il y a **10 jours**, sans suite.",
    ),
    "sponsor_left": (
        {"sponsors_left": 1, "sponsors": 1, "sponsor_left_on": days_ago(13)},
        -11.6875,
        "A sponsor or champion left on **6 Nov**; **1 person** of that standing remains.",
        "Un sponsor ou un champion est parti le **6 novembre** ; il en reste **1**.",
    ),
    "decider_silence": (
        {"last_decider_on": days_ago(95)},
        -7.5,
        "No two-way exchange with a decision-maker for **95 days**.",
        "Aucun échange dans les deux sens avec un décideur depuis **95 jours**.",
    ),
    "single_thread": (
        {"threads_90": 1},
        -3.0,
        "**1 person** heard in 90 days: the account hangs on one thread.",
        "**1 interlocuteur entendu** en 90 jours : le lien tient à un fil.",
    ),
    "stances": (
        {"detractors": 2, "supporters": 0},
        -4.75,
        "**2 contacts speak** against us, **0** for us.",
        "**2 contacts parlent** contre nous, **0** pour nous.",
    ),
    "review_missed": (
        {"reviews_known": True, "last_review_on": days_ago(360)},
        -1.875,
        "No business review for **360 days**; the cadence is **180**.",
        "Aucune revue d’affaires depuis **360 jours**, pour un rythme prévu de **180**.",
    ),
    "meetings_cancelled": (
        {"cancelled_90": 3, "meetings_90": 1},
        -3.625,
        "**3 meetings** cancelled and **1** held in 90 days.",
        "**3 rendez-vous** annulés et **1** tenus en 90 jours.",
    ),
    "plan_stale": (
        {"plan_updated_on": days_ago(180)},
        -2.0,
        "The account plan was last updated or reviewed **180 days** ago.",
        "Le plan de compte n’a été ni mis à jour ni relu depuis **180 jours**.",
    ),
    "limit_used": (
        {"limit_metric": "api_calls", "limit_used": 970_000.0, "limit_included": 1_000_000.0},
        12.9375,
        "**97%** of the included API calls used: **970,000 of 1,000,000**.",
        "**97 %** des appels d’API inclus sont utilisés : **970 000 sur 1 000 000**.",
    ),
    "limit_ahead": (
        {"limit_metric": "seats", "limit_used": 376.0, "limit_included": 400.0, "limit_growth": 2.0},
        9.1875,
        "At this pace nothing is left of the included seats in **12 days** (**376 of 400**).",
        "À ce rythme, il ne reste rien des sièges inclus dans **12 jours** (**376 sur 400**).",
    ),
    "seats_taken": (
        {"active_users": 38.0},
        16.0,
        "**38 of 40** seats are taken (**95%**).",
        "Sièges occupés : **38 sur 40** (**95 %**).",
    ),
    "usage_growth": (
        {"activity_28": 3_600.0},
        5.25,
        "Use went from **2,000** to **3,600** over 12 weeks; other accounts moved by **0%**.",
        "L’usage est passé de **2 000** à **3 600** en 12 semaines ; les autres comptes ont bougé de **0 %**.",
    ),
    "core_adoption": (
        {"features_84": 13},
        5.0,
        "Uses **13 features**; comparable accounts **10**.",
        "Utilise **13 fonctions** ; comptes comparables : **10**.",
    ),
    "opening_features": (
        {"opening_activity_28": 29.0, "opening_activity_29_84": 18.0},
        5.3125,
        "**29** uses of features that open an expansion in 28 days, **9** before.",
        "**29** usages de fonctions qui ouvrent une expansion en 28 jours, **9** avant.",
    ),
    "room_left": (
        {"whitespace_known": True, "whitespace_cells": 3, "whitespace_arr": 36_000.0},
        8.75,
        "**€36,000** of products it does not have yet, **150%** of what it pays.",
        "**36 000 €** de produits qu’il n’a pas encore, **150 %** de ce qu’il paie.",
    ),
    "next_plan": (
        {"next_plan_mrr": 4_000.0},
        10.0,
        "A plan stands above: **€2,000** a month now, **€4,000** there.",
        "Un forfait existe au-dessus : **2 000 €** par mois aujourd’hui, **4 000 €** là-haut.",
    ),
    "growth_phase": (
        {"first_paid_on": days_ago(700)},
        -5.125,
        "Customer for **23 months**: most expansions come earlier.",
        "Client depuis **23 mois** : la plupart des expansions viennent plus tôt.",
    ),
    "past_expansion": (
        {"expansions_365": 2, "last_expansion_on": days_ago(60)},
        5.3125,
        "**2 expansions** in the last year.",
        "**2 expansions** sur un an.",
    ),
    "need_voiced": (
        {"needs_voiced": 1, "need_on": days_ago(14)},
        7.0,
        "**1 need** for another product voiced, the last on **5 Nov**.",
        "**1 besoin exprimé** pour un autre produit, le dernier le **5 novembre**.",
    ),
    "intent": (
        {"intent_strength": 72.0, "intent_on": days_ago(14)},
        4.8125,
        "Third-party intent at **72 of 100** on 5 Nov.",
        "Intention observée à **72 sur 100** le 5 novembre.",
    ),
    "decision_ahead": (
        {"arr_due_90": 12_000.0},
        0.0,
        "**€12,000** a year is decided within 90 days: here, contracts change when they come up.",
        "**12 000 €** par an se décident sous 90 jours : ici, les contrats changent à l’échéance.",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_signal_says_what_its_facts_say(name):
    facts, points, english, french = EXAMPLES[name]
    [row] = diagnose_changed(facts).to_dicts()
    cause = explain(row)[name]
    words = {"currency": "EUR", "night": NIGHT, "texts": {"limit_metric": row["limit_metric"]}}
    said = {language: cause.sentence(language, **words) for language in ("en", "fr")}
    assert (cause.points, plain_spaces(said["en"]), plain_spaces(said["fr"])) == (points, english, french)


OF_MARKED_BOOKS = {"key_features", "negative_features", "onboarding_progress"}


def test_every_signal_has_its_worked_example():
    assert set(EXAMPLES) | OF_MARKED_BOOKS == {signal.name for signal in SIGNALS}


def test_a_contract_up_for_decision_counts_only_where_a_model_gives_it_weight():
    model = DEFAULT_MODEL.with_weights({"decision_ahead": dict.fromkeys(TIERS, 8.0)}, version=2)
    facts = [{"arr": 24_000.0, "arr_due_90": due} for due in (0.0, 12_000.0, 24_000.0, None)]
    given = [explain(row, model)["decision_ahead"].points for row in diagnose_changed(*facts, model=model).to_dicts()]
    assert given == [0.0, 4.0, 8.0, 0.0]


def explain_last(book, name):
    return explain(diagnose(book, DEFAULT_MODEL, NIGHT).row(-1, named=True))[name]


def test_key_features_count_against_comparable_accounts():
    book = make_book({}).with_columns(key_activity_28=pl.Series([600.0] * 20 + [150.0]))
    cause = explain_last(book, "key_features")
    assert cause.points == -8.0
    assert cause.sentence("en") == "Key features make **10%** of its use, **40%** at comparable accounts."


def test_negative_features_count_against_what_its_activity_lets_expect():
    book = make_book({}).with_columns(negative_activity_28=pl.Series([10.0] * 20 + [40.0]))
    cause = explain_last(book, "negative_features")
    # 240 of 42,000 uses in the book: 11.4 of its 2,000.
    assert cause.points == pytest.approx(-6 * ((41 / (240 / 42_000 * 2_000 + 1) - 1.25) / 2.75), abs=1 / 32)
    assert cause.sentence("en") == (
        "**40** uses of features marked as negative in 28 days; its activity lets expect **11**."
    )


def test_an_account_in_onboarding_is_judged_on_its_milestones_not_on_its_usage():
    late = {**NEW, **QUIET, "first_paid_on": days_ago(75), "customer_since": days_ago(75), "features_84": 1}
    others = pl.col("account_id") != "x0"
    book = make_book(late).with_columns(
        pl.when(others).then(pl.lit(days_ago(370))).alias("first_milestone_on"),
        others.cast(pl.Int64).alias("milestones"),
        milestones_known=True,
    )
    causes = explain(diagnose(book, DEFAULT_MODEL, NIGHT).row(-1, named=True))
    # 75 days against the 30 that others need: pace 2.5, between 1.25 and 3.
    assert causes["onboarding_progress"].points == round(-16 * 1.25 / 1.75 * 16) / 16
    assert causes["onboarding_progress"].figures == {"pace": 2.5, "days": 75, "peers": 30}
    trends = ("usage_trend_7", "usage_trend_28", "usage_trend_84")
    level = ("usage_level", "own_rhythm", *trends, "seat_activation", "feature_breadth", "value_for_money")
    assert [causes[name].points for name in level] == [0.0] * 8


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_sentence_is_written_on_each_side_it_can_take(language):
    for signal in SIGNALS:
        wording = signal.fr if language == "fr" else signal.en
        written = (bool(wording.lowers), bool(wording.raises))
        possible = (signal.ramp.worst is not None, signal.ramp.best is not None)
        assert written == possible, signal.name


def test_a_source_that_does_not_know_gives_exactly_nothing():
    nothing = dict.fromkeys(name for name in PLAIN if name not in ("tier", "country", "phase"))
    [row] = diagnose_changed({**nothing, "tier": "smb"}).to_dicts()
    assert set(row["points"]) == {0.0}
    assert (row["health"], row["potential"], row["churn_risk"], row["renewal_risk"]) == (None,) * 4


def plain_spaces(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")
