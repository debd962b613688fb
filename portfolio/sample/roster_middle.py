"""The mid-market customers of Brindel, groups included."""

from __future__ import annotations

from portfolio.sample.declare import Account, Care, Line, Move, Person, Talk, Use
from portfolio.sample.members import CAMILLE, INES, JONAS, MAREK
from portfolio.sample.roster_large import sign_plan

# A table: its rows stay as they are written.
# fmt: off
MID_MARKET = (
    Account(
        1037, "Brückner Klinik", "mid_market", "Hospitals", "DE", "Regensburg", 1340, CAMILLE, INES,
        lines=(sign_plan("growth", 230, 2.0, 5, 12, 15, moves=(Move("seats", ago=560, seats=204),)),),
        people=(
            Person("Jens Ahrens", "Kaufmännischer Leiter", "Finance", "economic_buyer"),
            Person("Miriam Oberle", "Leiterin Technischer Dienst", "Operations", "champion"),
        ),
        use=Use(adoption=0.69, curve=((75, 1.0), (35, 0.96), (10, 0.77), (0, 0.71))), care=Care(overdue=34,
                                                                                                pays="late"),
        week=7, talk=Talk(review_every=400, strained_from=60), sites=("Regensburg", "Kelheim", "Neutraubling"),
    ),
    Account(
        1073, "Löwen Apotheken", "mid_market", "Pharmacies", "DE", "Münster", 910, JONAS, INES,
        lines=(
            sign_plan("growth", 216, 4.0, 3, 172, moves=(Move("seats", ago=377, seats=193),)),
            Line("connect", "standard", started=466),
        ),
        use=Use(adoption=0.83, curve=((120, 0.94), (0, 1.0))), sites=("Münster", "Coesfeld", "Ahaus", "Telgte"),
    ),
    Account(
        1052, "Ribaute Distribution", "mid_market", "Wholesale", "FR", "Toulouse", 640, CAMILLE, INES,
        lines=(sign_plan("growth", 198, 5.0, 4, 116), Line("insight", "standard", started=388)),
        use=Use(adoption=0.8, release_drop=0.16), sites=("Toulouse", "Albi", "Montauban"),
    ),
    Account(
        1068, "Fjordmark Ferries", "mid_market", "Ferries", "NO", "Trondheim", 520, JONAS, MAREK,
        lines=(
            sign_plan("growth", 172, 3.0, 3, 137, 30, moves=(Move("price", term=1, factor=1 / 1.03),)),
            Line("time", "basic", 130, started=691, every=3),
        ),
        use=Use(adoption=0.79, curve=((230, 1.0), (150, 0.96), (75, 0.9), (0, 0.83))), care=Care(tickets_a_month=0.25),
        talk=Talk(silent_for=214), week=7, summer_trade=True, sites=("Trondheim", "Kristiansund", "Brekstad"),
    ),
    Account(
        1086, "Solveig Hotels", "mid_market", "Hotels", "NO", "Oslo", 780, JONAS, MAREK,
        lines=(
            sign_plan("growth", 168, 4.0, 3, 34, 30, moves=(Move("seats", ago=444, seats=139),)),
            Line("insight", "standard", started=276),
        ),
        use=Use(adoption=0.77, curve=((60, 1.02), (0, 0.93)), release_drop=0.19), week=7, summer_trade=True,
        sites=("Oslo", "Lillehammer", "Geilo"),
    ),
    Account(
        1046, "Loughmere Dairies", "mid_market", "Dairies", "IE", "Cavan", 450, CAMILLE, MAREK,
        lines=(sign_plan("growth", 171, 6.0, 4, 158, 30), Line("connect", "standard", started=590)),
        use=Use(adoption=0.82, curve=((60, 0.94), (0, 1.0))), week=7, sites=("Cavan", "Virginia", "Ballyjamesduff"),
    ),
    Account(
        1090, "Mervent Mobilité", "mid_market", "Public transport", "FR", "Nantes", 410, CAMILLE, INES,
        lines=(
            sign_plan("growth", 158, 5.0, 2, 73, 30, moves=(
                Move("seats", ago=148, seats=118), Move("upsell", term=0, plan="team", seats=30, new_paper=True))),
            Line("flow", "start", mrr="482.30", started=263, every=1, moves=(Move("usage", ago=96, mrr="391.85"),)),
        ),
        use=Use(adoption=0.88, release_drop=0.1), week=7, acquired="referral", referred_by=1061,
        sites=("Nantes", "Rezé", "Saint-Herblain"),
    ),
    Account(
        1092, "Tessaro Foods", "mid_market", "Food industry", "IT", "Parma", 620, JONAS, INES,
        lines=(sign_plan("growth", 149, 4.0, 2, 147), Line("time", "basic", 90, started=199, every=3)),
        people=(Person("Federica Tessaro", "Direttrice operativa", "Operations", "decision_maker", "supporter"),),
        use=Use(adoption=0.82), care=Care(pays="late"), sites=("Parma", "Fidenza", "Collecchio"),
    ),
    Account(
        1079, "Bastion Security", "mid_market", "Security services", "GB", "Sheffield", 960, "", "",
        lines=(sign_plan("growth", 155, 6.0, 3, 54, 30, moves=(Move("seats", ago=611, seats=128),)),),
        use=Use(adoption=0.66, curve=((140, 1.0), (60, 0.9), (0, 0.72))), week=7, currency="GBP",
        talk=Talk(silent_for=97), care=Care(tickets_a_month=1.6, breach_share=0.2), sites=("Sheffield", "Rotherham"),
        history=(("csm_email", 640, JONAS), ("csm_email", 96, ""), ("am_email", 640, MAREK), ("am_email", 96, "")),
    ),
    Account(
        1088, "Polderzicht", "mid_market", "Facility services", "NL", "Utrecht", 530, CAMILLE, MAREK,
        lines=(sign_plan("growth", 134, 3.0, 2, 150), Line("insight", "standard", started=244)),
        people=(Person("Sanne de Wit", "Directeur operaties", "Operations", "decision_maker"),),
        talk=Talk(strained_from=105, strained_to=28),
        use=Use(adoption=0.82, curve=((130, 1.0), (85, 0.74), (50, 0.79), (0, 0.97))),
        care=Care(tickets_a_month=1.5, breach_share=0.0), sites=("Utrecht", "Amersfoort", "Zeist"),
    ),
    Account(
        1083, "Sarnia Wind", "mid_market", "Wind farms", "GB", "Aberdeen", 240, JONAS, MAREK,
        lines=(sign_plan("growth", 132, 0.0, 3, 3, 30, moves=(Move("contraction", term=0, seats=168),)),),
        use=Use(adoption=0.66, curve=((420, 1.15), (300, 1.0), (90, 0.92), (0, 0.8)), release_drop=0.17),
        talk=Talk(strained_from=60), currency="GBP", week=7, sites=("Aberdeen", "Wick", "Peterhead"),
    ),
    Account(
        1091, "Tarnow Foods", "mid_market", "Food industry", "PL", "Tarnów", 710, JONAS, MAREK,
        lines=(sign_plan("growth", 133, 5.0, 2, 183),),
        use=Use(adoption=0.8, release_drop=0.13), sites=("Tarnów", "Bochnia", "Dębica"),
    ),
    Account(
        1094, "Pellworm Werft", "mid_market", "Shipyards", "DE", "Husum", 380, CAMILLE, INES,
        lines=(
            sign_plan("growth", 112, 3.0, 2, 129),
            Line("time", "plus", 45, started=171, every=3, moves=(Move("seats", ago=64, seats=32),)),
        ),
        people=(Person("Frauke Petersen", "Leiterin Einsatzplanung", "Hull", "champion", "supporter", left=0),),
        use=Use(adoption=0.82, release_drop=0.14), sites=("Husum", "Büsum"),
    ),
    Account(
        1163, "Linnea Care", "mid_market", "Home care", "SE", "Örebro", 590, CAMILLE, MAREK,
        lines=(sign_plan("growth", 118, 5.0, 1, 236, moves=()),),
        people=(
            Person("Malin Nyström", "Verksamhetschef", "Care", "decision_maker", "supporter"),
            Person("Amir Rahimi", "Rollout lead", "IT", "champion", "supporter"),
        ),
        use=Use(adoption=0.62, curve=((69, 0.18), (50, 0.3), (28, 0.42), (0, 0.58))), phase="onboarding", week=7,
        currency="SEK", talk=Talk(call_every=10, mail_every=5), acquired="partner", sites=("Örebro", "Kumla",
                                                                                           "Lindesberg"),
    ),
    Account(
        1074, "Arvika Timber", "mid_market", "Forestry", "SE", "Arvika", 330, CAMILLE, MAREK,
        lines=(sign_plan("growth", 126, 15.0, 3, 44, 30, moves=(Move("seats", ago=532, seats=109),)),),
        use=Use(adoption=0.81), currency="SEK", sites=("Arvika", "Torsby"),
    ),
    Account(
        1093, "Brisa Hoteles", "mid_market", "Hotels", "ES", "Málaga", 470, CAMILLE, INES,
        lines=(sign_plan("growth", 96, 4.0, 2, 47, 30, ended=-77, noticed=12, end_reason="Group chose one tool"),),
        use=Use(adoption=0.72, curve=((200, 1.0), (60, 0.82), (0, 0.61))), parent=1072, phase="leaving", week=7,
        talk=Talk(strained_from=70), summer_trade=True, sites=("Málaga", "Nerja"),
        history=(("phase", 500, "steady"), ("phase", 12, "leaving")),
    ),
    Account(
        1060, "Hjelm & Dahl", "mid_market", "Building services", "DK", "Odense", 260, JONAS, MAREK,
        lines=(sign_plan("growth", 76, 0.0, 4, 309, 30, every=12, late_renewal=12, signed=True),),
        use=Use(adoption=0.81), sites=("Odense", "Nyborg"),
    ),
    Account(
        1089, "Cormoran Yachts", "mid_market", "Marinas", "FR", "La Rochelle", 190, CAMILLE, INES,
        lines=(sign_plan("growth", 69, 0.0, 2, 88, 30, every=12),),
        use=Use(adoption=0.7, curve=((160, 1.0), (0, 0.9)), release_drop=0.18), summer_trade=True,
        sites=("La Rochelle", "Rochefort"),
    ),
    Account(
        1096, "Moraga Textil", "mid_market", "Textiles", "ES", "Alcoy", 310, JONAS, INES,
        lines=(sign_plan("growth", 66, 4.0, 2, 214, 30, every=12),),
        use=Use(adoption=0.82, curve=((90, 0.91), (0, 1.0))), care=Care(pays="late"), sites=("Alcoy", "Ontinyent"),
    ),
    Account(
        1066, "Halvorsen Gruppen", "mid_market", "Holding", "NO", "Bergen", 60, CAMILLE, MAREK,
        lines=(sign_plan("team", 24, 0.0, 3, 216, 30, every=12, moves=()), Line("insight", "standard", started=340)),
        use=Use(adoption=0.8), sites=("Bergen",),
    ),
    Account(
        1067, "Halvorsen Havneservice", "mid_market", "Port services", "NO", "Stavanger", 210, CAMILLE, MAREK,
        lines=(sign_plan("growth", 58, 3.0, 3, 241, 30, every=12),), use=Use(adoption=0.81), parent=1066, week=7,
        sites=("Stavanger", "Haugesund"),
    ),
    Account(
        1065, "Delacroix Frigo", "mid_market", "Road transport", "FR", "Amiens", 230, JONAS, INES,
        lines=(sign_plan("growth", 67, 6.0, 3, 74, 60, every=12),), use=Use(adoption=0.8), parent=1061, week=7,
        sites=("Amiens", "Abbeville"),
    ),
    Account(
        1085, "Nordhavn Vind", "mid_market", "Wind farms", "DK", "Esbjerg", 180, JONAS, MAREK,
        lines=(sign_plan("growth", 81, 5.0, 2, 190, every=12),), use=Use(adoption=0.83, release_drop=0.09),
        parent=1041, week=7,
        sites=("Esbjerg", "Hvide Sande"),
    ),
    Account(
        1072, "Grupo Almenara", "mid_market", "Hotels", "ES", "Sevilla", 890, CAMILLE, INES,
        lines=(sign_plan("growth", 101, 2.0, 3, 265, 30),), use=Use(adoption=0.78), week=7, summer_trade=True,
        sites=("Sevilla", "Jerez", "Huelva"),
    ),
    Account(
        1081, "Vestergaard Køl", "mid_market", "Refrigeration", "DK", "Kolding", 270, JONAS, MAREK,
        lines=(sign_plan("growth", 87, 0.0, 3, 176, 30, every=12), Line("time", "basic", 62, started=221)),
        use=Use(adoption=0.78), sites=("Kolding", "Vejle", "Fredericia"), domain_name="vestergaard-kol",
    ),
    Account(
        1056, "Kettler & Roos Gebäudetechnik", "mid_market", "Building services", "DE", "Kassel", 420, CAMILLE, INES,
        lines=(sign_plan("growth", 103, 0.0, 4, 205, every=12, moves=(
                Move("seats", ago=97, seats=88), Move("upsell", term=1, plan="team", seats=29, new_paper=True))),
                Line("connect", "standard", started=158)),
        use=Use(adoption=0.81), acquired="referral", referred_by=1037, domain_name="kettler-roos",
        sites=("Kassel", "Göttingen", "Fulda"),
    ),
    Account(
        1095, "Haarwijk Glas", "mid_market", "Glazing", "NL", "Leerdam", 200, CAMILLE, MAREK,
        lines=(sign_plan("growth", 71, 0.0, 2, 298, 30, every=12),), use=Use(adoption=0.8), sites=("Leerdam", "Tiel"),
    ),
    Account(
        1078, "Vltava Výtahy", "mid_market", "Lifts", "CZ", "České Budějovice", 260, JONAS, MAREK,
        lines=(sign_plan("growth", 83, 3.0, 3, 251, 30, every=12),), use=Use(adoption=0.79), acquired="partner",
        sites=("České Budějovice", "Písek", "Tábor"),
    ),
    Account(
        1084, "Ponte Seca Águas", "mid_market", "Water and waste", "PT", "Coimbra", 350, JONAS, INES,
        lines=(sign_plan("growth", 95, 2.0, 3, 162, 30),), use=Use(adoption=0.81), care=Care(pays="late"),
        sites=("Coimbra", "Figueira da Foz"),
    ),
    Account(
        1062, "Savoie Câbles", "mid_market", "Cableways", "FR", "Albertville", 240, CAMILLE, INES,
        lines=(sign_plan("growth", 82, 0.0, 4, 104, 60, every=12, moves=(Move("seats", ago=268, seats=69),)),),
        use=Use(adoption=0.84, release_drop=0.13), week=7, sites=("Albertville", "Moûtiers"),
    ),
    Account(
        1087, "Kuusamo Metsä", "mid_market", "Forestry", "FI", "Kuusamo", 170, JONAS, MAREK,
        lines=(sign_plan("growth", 78, 2.0, 2, 330, 30, every=12),), use=Use(adoption=0.82),
        sites=("Kuusamo", "Taivalkoski"),
    ),
    Account(
        1097, "Budavár Gépészet", "mid_market", "Building services", "HU", "Budapest", 300, JONAS, MAREK,
        lines=(sign_plan("growth", 68, 3.0, 2, 220, 30, every=12),), use=Use(adoption=0.77),
        sites=("Budapest", "Szentendre"),
    ),
    Account(
        1099, "Karawanken Pflege", "mid_market", "Home care", "AT", "Villach", 340, CAMILLE, INES,
        lines=(sign_plan("growth", 64, 0.0, 2, 281, 30, every=12), Line("time", "plus", 38, started=135)),
        use=Use(adoption=0.79), week=7, sites=("Villach", "Spittal"),
    ),
)
