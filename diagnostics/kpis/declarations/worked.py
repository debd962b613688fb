"""Execution, and the customer success side."""

from diagnostics.kpis.declarations.kpi import Kpi, Owner, Part, Switch, Unit

PERSONS = (Switch.PERSONS,)

KPIS = (
    Kpi(
        "portfolio_coverage",
        Part.EXECUTION,
        Unit.RATIO,
        ("Portfolio coverage", "Couverture du portefeuille"),
        (
            "ARR of the accounts both looked at and contacted within 90 days, over all ARR.",
            "ARR des comptes à la fois regardés et contactés sous 90 jours, sur tout l’ARR.",
        ),
        ("Σ ARR looked at and contacted ÷ Σ ARR", "Σ ARR regardé et contacté ÷ Σ ARR"),
        (
            "Open the silent mid-size accounts: they are the ones that slip.",
            "Ouvrez les comptes moyens silencieux : ce sont ceux qui glissent.",
        ),
        switches=PERSONS,
        details={"looked": ("looked at", "regardés"), "contacted": ("contacted", "contactés")},
    ),
    Kpi(
        "renewal_anticipation",
        Part.EXECUTION,
        Unit.DAYS,
        ("Renewal anticipation", "Anticipation des renouvellements"),
        (
            "Days from the first preparation act to the decision date, weighed by ARR; none is 0.",
            "Jours entre le premier acte de préparation et la date de décision, pesés par l’ARR ; aucun vaut 0.",
        ),
        ("Σ ARR × days ÷ Σ ARR decided", "Σ ARR × jours ÷ Σ ARR décidé"),
        (
            "Under 30 days is a warning: start the open ones that nobody has started.",
            "Sous 30 jours, c’est une alerte : commencez ceux que personne n’a commencés.",
        ),
        owner=Owner.DECISION,
        switches=PERSONS,
        details={"open": ("ARR due in 180 days without an act", "ARR dû sous 180 jours sans acte")},
        detail_units={"open": Unit.RATIO},
    ),
    Kpi(
        "account_plan_freshness",
        Part.EXECUTION,
        Unit.RATIO,
        ("Account plan freshness", "Fraîcheur des plans de compte"),
        (
            "Of the strategic accounts, the share whose plan was updated or reviewed within 90 days.",
            "Part des comptes stratégiques dont le plan a été mis à jour ou revu sous 90 jours.",
        ),
        ("plans fresh ÷ strategic accounts", "plans frais ÷ comptes stratégiques"),
        ("Review the oldest plan of the largest account first.", "Revoyez d’abord le plus vieux plan du plus grand."),
        switches=PERSONS,
        details={"arr": ("by ARR", "en ARR")},
    ),
    Kpi(
        "qbr_engagement_rate",
        Part.EXECUTION,
        Unit.RATIO,
        ("QBR engagement", "Participation aux QBR"),
        (
            "Of the accounts whose tier has business reviews, the share that attended one within its cadence.",
            "Part des comptes dont le segment prévoit des revues et qui y ont assisté dans leur rythme.",
        ),
        ("accounts that attended ÷ eligible accounts", "comptes présents ÷ comptes concernés"),
        ("Plan the reviews of accounts that decide soon.", "Planifiez les revues des comptes qui décident bientôt."),
        switches=PERSONS,
    ),
    Kpi(
        "relationship_depth",
        Part.EXECUTION,
        Unit.SCORE,
        ("Relationship depth", "Profondeur de la relation"),
        (
            "How many people, roles and departments are in touch, how senior and how lately: 0–100, the mean.",
            "Combien de personnes, rôles et services sont en contact, à quel niveau, et quand, 0–100 ; moyenne.",
        ),
        ("Σ depth ÷ accounts", "Σ profondeur ÷ comptes"),
        (
            "Begin with single-threaded accounts that decide soon.",
            "Commencez par les comptes à un seul contact qui décident bientôt.",
        ),
        switches=PERSONS,
    ),
    Kpi(
        "customer_health",
        Part.SUCCESS,
        Unit.SCORE,
        ("Customer health", "Santé des clients"),
        ("Health of the accounts, weighed by ARR.", "Santé des comptes, pesée par l’ARR."),
        ("Σ health × ARR ÷ Σ ARR", "Σ santé × ARR ÷ Σ ARR"),
        ("Read its distribution: a mean hides two camps.", "Lisez sa distribution : une moyenne cache deux camps."),
    ),
    Kpi(
        "adoption_rate",
        Part.SUCCESS,
        Unit.RATIO,
        ("Adoption", "Adoption"),
        (
            "People active over 28 days for each licensed seat.",
            "Personnes actives sur 28 jours par siège acheté.",
        ),
        ("active users over 28 days ÷ licensed seats", "utilisateurs actifs sur 28 jours ÷ sièges achetés"),
        (
            "Low before a renewal, it is the price question to come.",
            "Basse avant un renouvellement, c’est la question du prix qui vient.",
        ),
    ),
    Kpi(
        "time_to_value",
        Part.SUCCESS,
        Unit.DAYS,
        ("Time to value", "Délai jusqu’à la valeur"),
        (
            "Mean days from the first paid day to the first value milestone.",
            "Jours, en moyenne, du premier jour payé au premier jalon de valeur.",
        ),
        ("Σ days ÷ accounts that reached a milestone", "Σ jours ÷ comptes ayant atteint un jalon"),
        ("Rising: look at the step where onboarding waits.", "En hausse : regardez l’étape où l’accueil attend."),
        more_is_better=False,
    ),
    Kpi(
        "expansion_readiness_index",
        Part.SUCCESS,
        Unit.SCORE,
        ("Expansion readiness", "Préparation à l’expansion"),
        (
            "Potential of an account held down while its health is below 60: growth never before value.",
            "Potentiel d’un compte, retenu tant que sa santé est sous 60 : jamais la croissance avant la valeur.",
        ),
        ("Σ potential × min(1, health ÷ 60) ÷ accounts", "Σ potentiel × min(1, santé ÷ 60) ÷ comptes"),
        ("Open the readiest accounts without an opportunity.", "Ouvrez les comptes les plus prêts sans opportunité."),
    ),
    Kpi(
        "intent_signal_volume",
        Part.SUCCESS,
        Unit.COUNT,
        ("Intent signals", "Signaux d’intention"),
        (
            "Third-party intent signals observed in the period.",
            "Signaux d’intention de tiers observés dans la période.",
        ),
        ("number of signals", "nombre de signaux"),
        ("A wave on one topic is worth a call, not a campaign.", "Une vague sur un sujet vaut un appel."),
    ),
)
