"""The enterprise customers of Brindel, largest first."""

from __future__ import annotations

from portfolio.sample.declare import Account, Care, Line, Move, Person, Talk, Use
from portfolio.sample.members import CAMILLE, INES, JONAS, MAREK


def sign_plan(level: str, seats: int, discount: float, terms: int, decide_in: int, notice: int = 60, **more) -> Line:
    """Return a yearly line of the main product, by the day on which its next term is decided."""
    more.setdefault("every", 3)
    return Line("plan", level, seats, discount, terms=terms, ends_in=decide_in + notice, notice=notice, **more)


# A table: its rows stay as they are written.
# fmt: off
ENTERPRISE = (
    Account(
        1034, "Orvanta Pharma", "enterprise", "Pharmaceuticals", "CH", "Basel", 4150, CAMILLE, MAREK,
        lines=(
            sign_plan("enterprise", 447, 11.5, 5, 144, moves=(
                Move("price", term=0, factor=1 / 1.035), Move("seats", ago=512, seats=402),
                Move("seats", ago=921, seats=338), Move("upsell", ago=1233, plan="growth", seats=236))),
            Line("time", "plus", 310, 9.0, started=655, notice=60, every=3),
            Line("insight", "plus", discount=0.0, started=982, notice=60),
            Line("connect", "plus", started=1140, notice=60),
        ),
        people=(
            Person("Lukas Frey", "COO", "Operations", "decision_maker", "supporter", since=1460),
            Person("Noemi Zollinger", "Head of Quality", "Quality", "champion", "supporter"),
            Person("Reto Kälin", "Quality systems lead", "Quality", "power_user", "supporter", since=640),
            Person("Fabrice Rochat", "CFO", "Finance", "economic_buyer"),
            Person("Livia Aebischer", "Plant planner, Visp", "Operations", "power_user", "supporter"),
        ),
        use=Use(adoption=0.83, limits={"api_calls": 0.44, "work_orders": 0.66}, opened=(("rule_builder", 52),)),
        talk=Talk(call_every=19, mail_every=9), strategic=True, sites=("Basel", "Visp", "Stein", "Monthey"),
        acquired="referral", referred_by=1019,
    ),
    Account(
        1019, "Kaldor Bank", "enterprise", "Banking", "AT", "Wien", 6900, JONAS, MAREK,
        lines=(
            sign_plan("enterprise", 402, 9.0, 6, 203, moves=(
                Move("price", term=0, factor=1 / 1.035), Move("seats", ago=340, seats=378),
                Move("seats", ago=1105, seats=310))),
            Line("insight", "plus", started=1210, notice=60),
            Line("connect", "plus", started=611, notice=60),
            Line("flow", "pro", mrr="2313.40", started=497, notice=60, every=1, moves=(
                Move("usage", ago=131, mrr="1986.20"), Move("usage", ago=315, mrr="1528.75"))),
        ),
        use=Use(adoption=0.81, limits={"api_calls": 0.31}), talk=Talk(call_every=33, mail_every=28),
        care=Care(tickets_a_month=0.9), strategic=True, sites=("Wien", "Graz", "Linz", "Klagenfurt"),
    ),
    Account(
        1027, "Clearwell Utilities", "enterprise", "Water and waste", "IE", "Cork", 2380, CAMILLE, MAREK,
        lines=(
            sign_plan("enterprise", 486, 7.0, 4, 11, moves=(
                Move("seats", ago=463, seats=441), Move("seats", ago=902, seats=372))),
        ),
        people=(
            Person("Martin Hale", "Director of Network Operations", "Operations", "champion", "supporter", left=13),
            Person("Gráinne Halloran", "Finance Director", "Finance", "economic_buyer"),
            Person("Priya Nair", "Field systems manager", "Operations", "power_user"),
            Person("Cathal Devlin", "IT service lead", "IT", "influencer", "detractor"),
            Person("Niamh Costello", "Crew planner, Mallow", "Operations", "user"),
        ),
        use=Use(adoption=0.74, curve=((120, 1.0), (45, 0.94), (14, 0.8), (0, 0.73))),
        talk=Talk(call_every=60, mail_every=34, review_every=240, deciders_silent_for=41, strained_from=45),
        care=Care(tickets_a_month=3.4, breach_share=0.2), strategic=True, team_drawn=False,
        sites=("Cork", "Mallow", "Bandon", "Youghal"),
    ),
    Account(
        1041, "Nordhavn Energi", "enterprise", "Energy", "DK", "Aarhus", 1730, JONAS, MAREK,
        lines=(
            sign_plan("enterprise", 386, 12.0, 4, 57, moves=(
                Move("seats", ago=228, seats=351), Move("upsell", term=1, plan="growth", seats=244, new_paper=True))),
            Line("time", "basic", 300, 8.0, started=566, notice=60, every=3),
            Line("insight", "plus", started=427, notice=60, moves=(Move("upsell", ago=77, plan="standard"),)),
            Line("connect", "standard", started=690, notice=60),
        ),
        use=Use(adoption=0.86, curve=((90, 0.93), (0, 1.0)), limits={"work_orders": 0.91, "api_calls": 0.52}),
        strategic=True, sites=("Aarhus", "Randers", "Esbjerg", "Thisted"),
    ),
    Account(
        1048, "Maison Aubrac", "enterprise", "Retail", "FR", "Lyon", 3240, CAMILLE, INES,
        lines=(
            sign_plan("enterprise", 400, 8.0, 4, 66, 30, moves=(
                Move("price", term=0, factor=1 / 1.035), Move("seats", ago=391, seats=350),
                Move("seats", ago=840, seats=290))),
            Line("flow", "start", mrr="436.15", started=688, every=1, moves=(Move("usage", ago=214, mrr="360.00"),)),
            Line("connect", "plus", started=402, moves=(Move("upsell", ago=193, plan="standard"),)),
        ),
        people=(
            Person("Claire Aubrac", "Directrice générale", "Head office", "decision_maker", "supporter", since=1380),
            Person("Hugo Teyssier", "Directeur des opérations magasins", "Stores", "champion", "supporter"),
            Person("Paul Lemoine", "Directeur financier", "Finance", "economic_buyer"),
            Person("Nadia Ferhat", "Responsable informatique", "IT", "influencer", "supporter"),
            Person("Sami Benali", "Responsable RH", "HR", "influencer"),
        ),
        use=Use(adoption=0.73, people=((140, 291), (30, 316), (0, 376)), limits={"api_calls": 0.4,
                                                                                 "work_orders": 0.71}),
        talk=Talk(call_every=16, mail_every=8), strategic=True, week=7,
        sites=("Lyon Part-Dieu", "Annecy", "Chambéry", "Valence", "Grenoble"),
    ),
    Account(
        1022, "Valcourt Assurances", "enterprise", "Insurance", "BE", "Namur", 2860, JONAS, INES,
        lines=(
            sign_plan("enterprise", 352, 9.5, 5, 121, moves=(
                Move("price", term=0, factor=1 / 1.035), Move("seats", ago=705, seats=318))),
            Line("connect", "plus", started=958, notice=60),
            Line("flow", "pro", mrr="1483.60", started=533, notice=60, every=1,
                 moves=(Move("usage", ago=166, mrr="1240.00"),)),
        ),
        people=(
            Person("Amandine Dufour", "Directrice des sinistres", "Claims", "decision_maker", "supporter"),
            Person("Olivier Lambiotte", "Chef de projet expertise", "Claims", "champion", "supporter"),
        ),
        use=Use(adoption=0.83), strategic=True, language="fr", sites=("Namur", "Liège", "Mons", "Arlon"),
    ),
    Account(
        1055, "Gallowell Airports", "enterprise", "Airports", "GB", "Bristol", 1960, CAMILLE, MAREK,
        lines=(
            sign_plan("enterprise", 338, 11.0, 4, 232, moves=(
                Move("price", term=0, factor=1 / 1.035), Move("seats", ago=598, seats=305))),
            Line("time", "plus", 232, 6.0, started=884, notice=60, every=3),
        ),
        use=Use(adoption=0.82, limits={"work_orders": 0.58}), talk=Talk(call_every=34, mail_every=26),
        care=Care(tickets_a_month=0.8), strategic=True, currency="GBP", week=7, summer_trade=True,
        sites=("Bristol", "Exeter", "Cardiff"),
    ),
    Account(
        1061, "Delacroix Transports", "enterprise", "Road transport", "FR", "Lille", 1420, JONAS, INES,
        lines=(
            sign_plan("enterprise", 329, 10.0, 4, 74, moves=(
                Move("seats", ago=283, seats=296), Move("upsell", term=2, plan="growth", seats=212))),
            Line("time", "basic", 240, 5.0, started=470, notice=60, every=3, moves=(Move("seats", ago=118,
                                                                                         seats=205),)),
            Line("connect", "standard", started=798, notice=60),
            Line("plan", "growth", 38, terms=3, ends_in=334, notice=30, moves=(), taken_over=267,
                 contract="C-2023-019"),
        ),
        use=Use(adoption=0.82, limits={"work_orders": 0.93, "api_calls": 0.47}), strategic=True, week=7,
        sites=("Lille", "Arras", "Valenciennes", "Reims"),
    ),
    Account(
        1064, "Halvorsen Rederi", "enterprise", "Shipping", "NO", "Bergen", 1180, CAMILLE, MAREK,
        lines=(
            sign_plan("enterprise", 300, 17.4, 4, 8, 30, every=1, moves=(
                Move("seats", ago=604, seats=255), Move("seats", ago=1010, seats=208))),
            Line("time", "plus", 288, 0.0, started=577, every=1, co_terms=True),
        ),
        people=(
            Person("Ingrid Moe", "COO", "Operations", "decision_maker", "supporter"),
            Person("Torgeir Aune", "Head of Crewing", "Crewing", "champion"),
            Person("Siv Halland", "IT manager, tablets", "IT", "influencer", "detractor"),
            Person("Per Eide", "CFO, signs the renewal", "Finance", "economic_buyer"),
            Person("Lene Aas", "Port services lead", "Port services", "user", since=96),
        ),
        use=Use(adoption=0.71, people=((60, 213), (30, 212), (18, 186), (8, 149), (0, 131)), release_drop=0.41,
                limits={"work_orders": 0.69, "api_calls": 0.31}),
        talk=Talk(call_every=38, mail_every=20, deciders_silent_for=17, strained_from=32), parent=1066, strategic=True,
        week=7, sites=("Bergen", "Stavanger", "Ålesund", "Florø"),
    ),
    Account(
        1058, "Riverton Housing", "enterprise", "Social housing", "GB", "Leeds", 1510, JONAS, MAREK,
        lines=(
            sign_plan("enterprise", 315, 12.0, 4, 32, 30, moves=(
                Move("contraction", term=0, seats=342), Move("seats", ago=777, seats=301))),
            Line("time", "basic", 190, started=640, every=3),
        ),
        use=Use(adoption=0.63, curve=((420, 1.1), (160, 1.0), (0, 0.88)), release_drop=0.24),
        care=Care(tickets_a_month=4.2, breach_share=0.16), talk=Talk(call_every=48, mail_every=30, strained_from=75),
        currency="GBP",
        sites=("Leeds", "Bradford", "Wakefield", "Harrogate"),
    ),
    Account(
        1077, "Kestrel Logistics", "enterprise", "Logistics", "IE", "Shannon", 1040, CAMILLE, MAREK,
        lines=(
            sign_plan("enterprise", 274, 9.0, 3, 58, moves=(
                Move("seats", ago=329, seats=246), Move("upsell", term=1, plan="growth", seats=226))),
            Line("insight", "standard", started=352, notice=60),
            Line("connect", "plus", started=530, notice=60, moves=(Move("upsell", ago=243, plan="standard"),)),
        ),
        people=(
            Person("Declan Mulcahy", "Operations Director", "Operations", "decision_maker", "supporter"),
            Person("Sinéad Tierney", "Head of Integration", "IT", "champion", "supporter"),
        ),
        use=Use(adoption=0.84, limits={"api_calls": 0.97, "work_orders": 0.74}), week=7, strategic=True,
        sites=("Shannon", "Limerick", "Dublin Port", "Athlone"),
    ),
    Account(
        1070, "Östberg Verken", "enterprise", "Industrial maintenance", "SE", "Västerås", 1290, JONAS, MAREK,
        lines=(
            sign_plan("enterprise", 268, 13.0, 3, 25, 30, moves=(
                Move("seats", ago=688, seats=240), Move("upsell", term=2, plan="growth", seats=190))),
            Line("time", "basic", 180, started=512, every=3),
        ),
        people=(
            Person("Karin Östberg", "CEO", "Management", "decision_maker"),
            Person("Emil Sandström", "Maintenance manager", "Operations", "champion", "supporter"),
        ),
        use=Use(adoption=0.76, curve=((150, 1.0), (31, 0.88), (0, 0.82)), release_drop=0.21),
        care=Care(tickets_a_month=3.9, breach_share=0.18), talk=Talk(deciders_silent_for=64, strained_from=70),
        currency="SEK", sites=("Västerås", "Ludvika", "Sala"),
    ),
    Account(
        1044, "Stadtwerk Allenau", "enterprise", "Municipal services", "DE", "Allenau", 870, JONAS, MAREK,
        lines=(
            sign_plan("enterprise", 240, 6.0, 5, 268, moves=(Move("seats", ago=655, seats=222),)),
            Line("insight", "plus", started=720, notice=60),
        ),
        use=Use(adoption=0.83), talk=Talk(call_every=36, mail_every=25), care=Care(tickets_a_month=0.7),
        strategic=True, sites=("Allenau", "Mitteldorf", "Hohenbrück"),
    ),
    Account(
        1082, "Zephyra Air Cargo", "enterprise", "Air freight", "LU", "Luxembourg", 690, CAMILLE, MAREK,
        lines=(
            sign_plan("enterprise", 214, 8.0, 3, 79, 30, moves=(
                Move("seats", ago=410, seats=188), Move("upsell", term=1, plan="growth", seats=176))),
            Line("connect", "standard", started=305),
        ),
        use=Use(adoption=0.79, release_drop=0.12, limits={"api_calls": 0.86}), week=7, language="en",
        sites=("Luxembourg", "Liège cargo", "Maastricht"),
    ),
)
