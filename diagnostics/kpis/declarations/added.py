"""Revenue added."""

from diagnostics.kpis.declarations.defended import COHORT_MONTHS, FOUR_QUARTERS, SAAS_CAPITAL
from diagnostics.kpis.declarations.kpi import Benchmark, Kpi, Owner, Part, Switch, Unit, Words

LEVERS: dict[str, Words] = {
    "upsell": ("upsell", "montée en gamme"),
    "seats": ("seats", "sièges"),
    "usage": ("usage", "usage"),
    "cross_sell": ("cross-sell", "vente croisée"),
    "price": ("price", "prix"),
}
STAGES: dict[str, Words] = {
    "qualified": ("qualified and further", "qualifiées et au-delà"),
    "identified": ("identified", "identifiées"),
    "qualified_only": ("qualified, not further", "qualifiées, sans plus"),
    "proposed": ("proposed", "proposées"),
    "negotiation": ("in negotiation", "en négociation"),
}

KPIS = (
    Kpi(
        "nrr",
        Part.ADDED,
        Unit.RATIO,
        ("NRR", "NRR"),
        (
            "What the ARR of day 1 has become at the close, growth included and new accounts apart.",
            "Ce qu’est devenu l’ARR du premier jour à la clôture, croissance comprise et nouveaux comptes à part.",
        ),
        ("Σ ARR end ÷ Σ ARR start", "Σ ARR fin ÷ Σ ARR début"),
        (
            "Never read it alone: its segments stand beside it, and GRR says what is lost underneath.",
            "Ne la lisez jamais seule : ses segments sont à côté, et la GRR dit ce qui se perd dessous.",
        ),
        owner=Owner.START,
        switches=(Switch.REACTIVATION, Switch.GRACE),
        benchmark=Benchmark(
            (
                "medians over twelve months from 100 % to 110 %, by contract value",
                "médianes sur douze mois de 100 % à 110 %, selon la valeur du contrat",
            ),
            SAAS_CAPITAL,
            2023,
        ),
        details=FOUR_QUARTERS | COHORT_MONTHS,
    ),
    Kpi(
        "expansion_revenue",
        Part.ADDED,
        Unit.CURRENCY,
        ("Expansion revenue", "Revenu d’expansion"),
        (
            "All expansion of the period, by lever; apart from NRR.",
            "Toute l’expansion de la période, par levier ; à part de la NRR.",
        ),
        ("Σ expansion movements", "Σ des mouvements d’expansion"),
        (
            "See which lever carries it; one lever alone is a risk.",
            "Voyez quel levier la porte ; un levier seul est un risque.",
        ),
        details=LEVERS,
    ),
    Kpi(
        "expansion_rate",
        Part.ADDED,
        Unit.RATIO,
        ("Expansion rate", "Taux d’expansion"),
        (
            "Expansion of the accounts of day 1 over their ARR on it.",
            "Expansion des comptes du premier jour rapportée à leur ARR.",
        ),
        ("Σ expansion of day-1 accounts ÷ Σ ARR start", "Σ expansion des comptes du premier jour ÷ Σ ARR début"),
        (
            "Falling with a full pipeline: look at how long stages last.",
            "En baisse malgré un pipeline plein : regardez la durée des étapes.",
        ),
    ),
    Kpi(
        "expansion_growth",
        Part.ADDED,
        Unit.RATIO,
        ("Expansion growth", "Croissance de l’expansion"),
        (
            "Expansion against that of the same period a year before.",
            "Expansion comparée à celle de la même période un an avant.",
        ),
        ("expansion ÷ expansion a year before − 1", "expansion ÷ expansion un an avant − 1"),
        (
            "Look for one large deal in either year before you conclude.",
            "Cherchez une grosse affaire dans l’une des deux années avant de conclure.",
        ),
    ),
    Kpi(
        "average_revenue_per_expansion_account",
        Part.ADDED,
        Unit.CURRENCY,
        ("Expansion per account", "Expansion par compte"),
        ("Expansion over the accounts that expanded.", "Expansion rapportée aux comptes qui ont grandi."),
        ("Σ expansion ÷ accounts that expanded", "Σ expansion ÷ comptes en expansion"),
        ("Small and many, or large and few? Both can be right.", "Petites et nombreuses, ou rares et grandes ?"),
    ),
    Kpi(
        "arpa",
        Part.ADDED,
        Unit.CURRENCY,
        ("ARPA", "ARPA"),
        ("ARR over the accounts that pay at the close.", "ARR rapporté aux comptes payants à la clôture."),
        ("ARR end ÷ paying accounts", "ARR fin ÷ comptes payants"),
        ("Read its trend by segment and cohort.", "Lisez sa tendance par segment et par cohorte."),
        details=COHORT_MONTHS,
    ),
    Kpi(
        "monthly_arpa",
        Part.ADDED,
        Unit.CURRENCY,
        ("Monthly ARPA", "ARPA mensuel"),
        ("MRR over the accounts that pay at the close.", "MRR rapporté aux comptes payants à la clôture."),
        ("MRR end ÷ paying accounts", "MRR fin ÷ comptes payants"),
        ("Read its trend by segment and cohort.", "Lisez sa tendance par segment et par cohorte."),
    ),
    Kpi(
        "cross_sell_conversion_rate",
        Part.ADDED,
        Unit.RATIO,
        ("Cross-sell conversion", "Conversion en vente croisée"),
        (
            "Of the accounts that could still buy a product, the share that began to pay for one new to them.",
            "Part des comptes qui pouvaient encore acheter un produit et en ont payé un nouveau pour eux.",
        ),
        (
            "accounts with a product new to them ÷ accounts of day 1 without every product",
            "comptes avec un produit nouveau ÷ comptes du premier jour sans tous les produits",
        ),
        (
            "Sell next to a voiced need, on solid adoption.",
            "Vendez près d’un besoin exprimé, sur une adoption solide.",
        ),
        owner=Owner.START,
    ),
    Kpi(
        "cross_sell_win_rate",
        Part.ADDED,
        Unit.RATIO,
        ("Cross-sell win rate", "Taux de gain en vente croisée"),
        (
            "Of the cross-sell opportunities opened in the period, the share won by today.",
            "Part des opportunités de vente croisée ouvertes dans la période et gagnées à ce jour.",
        ),
        ("won ÷ opened", "gagnées ÷ ouvertes"),
        (
            "Young cohorts are mostly open: read the share still open first.",
            "Les cohortes jeunes sont surtout ouvertes : lisez d’abord la part encore ouverte.",
        ),
        details={"open": ("still open", "encore ouvertes")},
    ),
    Kpi(
        "expansion_activation_rate",
        Part.ADDED,
        Unit.RATIO,
        ("Expansion activation", "Activation d’expansion"),
        (
            "Of the accounts paying for 90 days, the share that took up a feature which opens expansion.",
            "Part des comptes payants depuis 90 jours qui ont adopté une fonction ouvrant l’expansion.",
        ),
        (
            "accounts that used it on 3 days of 14, not in the 180 days before ÷ accounts paying for 90 days",
            "comptes l’ayant utilisée 3 jours sur 14, pas dans les 180 jours d’avant ÷ comptes payants depuis 90 jours",
        ),
        (
            "These accounts are warm: look at their potential now.",
            "Ces comptes sont mûrs : regardez leur potentiel maintenant.",
        ),
        owner=Owner.START,
    ),
    Kpi(
        "referral_expansion_revenue",
        Part.ADDED,
        Unit.CURRENCY,
        ("Expansion by referral", "Expansion par recommandation"),
        (
            "Expansion of accounts acquired by referral or whose opportunity came by one, each amount once.",
            "Expansion de comptes venus par recommandation ou dont l’opportunité en vient, chaque montant une fois.",
        ),
        ("Σ expansion by referral", "Σ expansion par recommandation"),
        ("Ask the accounts that brought it for another name.", "Demandez un autre nom à ceux qui l’ont apportée."),
        details={
            "account": ("of accounts acquired by referral", "de comptes venus par recommandation"),
            "opportunity": ("by an opportunity from a referral", "par une opportunité recommandée"),
        },
    ),
    Kpi(
        "expansion_pipeline",
        Part.ADDED,
        Unit.CURRENCY,
        ("Expansion pipeline", "Pipeline d’expansion"),
        (
            "Amount of the expansion opportunities that stand open, by stage and lever, without what is fictional.",
            "Montant des opportunités d’expansion ouvertes, par étape et par levier, sans ce qui est fictif.",
        ),
        ("Σ amount of open opportunities", "Σ montant des opportunités ouvertes"),
        (
            "An empty pipeline is a detection problem before it is a selling one.",
            "Un pipeline vide est un problème de détection avant d’être un problème de vente.",
        ),
        details=STAGES | LEVERS,
    ),
    Kpi(
        "fictional_pipeline",
        Part.ADDED,
        Unit.CURRENCY,
        ("Fictional pipeline", "Pipeline fictif"),
        (
            "Open opportunities on accounts that are fragile or falling: shown, never added.",
            "Opportunités ouvertes sur des comptes fragiles ou en chute : montrées, jamais ajoutées.",
        ),
        ("Σ amount on fragile or falling accounts", "Σ montant sur des comptes fragiles ou en chute"),
        ("Retain first; then see what is left to sell.", "Retenez d’abord ; voyez ensuite ce qu’il reste à vendre."),
        more_is_better=False,
    ),
    Kpi(
        "expansion_revenue_potential",
        Part.ADDED,
        Unit.CURRENCY,
        ("Expansion potential", "Potentiel d’expansion"),
        (
            "What the accounts can still carry, each lever weighed by its chance within 90 days.",
            "Ce que les comptes peuvent encore porter, chaque levier pesé par sa chance sous 90 jours.",
        ),
        ("Σ p × potential ARR", "Σ p × ARR potentiel"),
        (
            "Large beside an empty pipeline: open the accounts and start.",
            "Grand à côté d’un pipeline vide : ouvrez les comptes et commencez.",
        ),
        details={"raw": ("without the chance", "sans la chance")},
    ),
    Kpi(
        "quick_ratio",
        Part.ADDED,
        Unit.RATIO,
        ("Quick ratio", "Quick ratio"),
        (
            "How many units of revenue come in for each one that goes.",
            "Combien d’unités de revenu entrent pour une qui sort.",
        ),
        ("(new + expansion) ÷ (contraction + churn)", "(nouveau + expansion) ÷ (contraction + attrition)"),
        (
            "High because of new accounts alone? Then read GRR.",
            "Haut grâce aux seuls nouveaux comptes ? Lisez alors la GRR.",
        ),
        owner=Owner.START,
        benchmark=Benchmark(
            ("4 for a company that grows fast", "4 pour une entreprise en forte croissance"),
            "M. Hamid, as quoted by InsightSquared, Benchmarking the SaaS Quick Ratio",
            2016,
        ),
    ),
)
