"""Customers that left within the history, most of them after a decline that could be seen."""

from __future__ import annotations

from portfolio.sample.declare import Account, Care, Move, Talk, Use
from portfolio.sample.members import CAMILLE, INES, JONAS, MAREK
from portfolio.sample.roster_large import sign_plan
from portfolio.sample.roster_small import open_small, pay_monthly, sign_year


def fade_out(ended: int, depth: float = 0.45, over: int = 170) -> tuple[tuple[int, float], ...]:
    """Return a curve that falls to `depth` by the end, `over` days long."""
    return ((ended + over, 1.0), (ended + over // 2, 0.86), (ended + 30, (1 + depth) / 2 - 0.1), (ended, depth))


# A table: its rows stay as they are written.
# fmt: off
LOST = (
    Account(
        1031, "Morvan Ascenseurs", "enterprise", "Lifts", "FR", "Autun", 620, CAMILLE, INES,
        lines=(sign_plan("growth", 214, 4.0, 4, -222, 60, ended=162, noticed=231,
                         end_reason="Moved to a competitor"),),
        use=Use(adoption=0.77, curve=fade_out(162, 0.31, 240)), talk=Talk(strained_from=340),
        care=Care(tickets_a_month=3.4, breach_share=0.24), sites=("Autun", "Nevers", "Auxerre"),
    ),
    Account(
        1038, "Greyfold Facilities", "mid_market", "Facility services", "GB", "Coventry", 540, JONAS, MAREK,
        lines=(sign_plan("growth", 149, 2.0, 3, -331, 30, ended=301, noticed=338,
                         end_reason="Acquired by another group"),),
        use=Use(adoption=0.71, curve=fade_out(301, 0.5)), talk=Talk(silent_for=352, strained_from=400), currency="GBP",
        sites=("Coventry", "Rugby"),
    ),
    Account(
        1029, "Ostwall Reinigung", "mid_market", "Cleaning", "DE", "Dortmund", 480, CAMILLE, INES,
        lines=(sign_plan("growth", 108, 0.0, 3, -450, 30, ended=420, noticed=455, end_reason="Price"),),
        use=Use(adoption=0.66, curve=fade_out(420, 0.4)), talk=Talk(strained_from=560), care=Care(pays="late"),
        sites=("Dortmund", "Unna"),
    ),
    Account(
        1050, "Trasimeno Bus", "mid_market", "Public transport", "IT", "Perugia", 290, JONAS, INES,
        lines=(sign_plan("growth", 82, 2.0, 3, -126, 30, ended=96, noticed=140, end_reason="Moved to a competitor"),),
        use=Use(adoption=0.74, curve=fade_out(96, 0.36, 200)), talk=Talk(strained_from=230), week=7,
        care=Care(tickets_a_month=2.1, breach_share=0.3, pays="late"), sites=("Perugia", "Castiglione"),
    ),
    Account(
        1026, "Hallandia Fastigheter", "mid_market", "Property", "SE", "Halmstad", 210, JONAS, MAREK,
        lines=(sign_plan("growth", 97, 0.0, 2, -561, 30, ended=531, noticed=566, end_reason="Project ended"),),
        use=Use(adoption=0.7, curve=fade_out(531, 0.42)), currency="SEK", sites=("Halmstad", "Falkenberg"),
    ),
    Account(
        1057, "Sint-Joriszorg", "mid_market", "Home care", "BE", "Kortrijk", 330, CAMILLE, MAREK,
        lines=(sign_plan("growth", 71, 3.0, 2, -240, 30, ended=210, noticed=252, end_reason="Low adoption"),),
        use=Use(adoption=0.58, curve=fade_out(210, 0.38, 220)), talk=Talk(silent_for=268), week=7, language="en",
        sites=("Kortrijk", "Menen"),
    ),
    Account(
        1054, "Delacroix Nord", "mid_market", "Road transport", "FR", "Dunkerque", 120, JONAS, INES,
        lines=(sign_year("growth", 38, 2, -31, ended=267, end_reason="Contract taken over by Delacroix Transports",
                         contract="C-2023-019"),),
        use=Use(adoption=0.83), parent=1061, week=7, sites=("Dunkerque", "Calais"),
    ),
    open_small(1042, "Papeterie Lanvaux", "Stationery", "FR", "Vannes", 40, CAMILLE, INES,
               sign_year("team", 18, 2, -249, ended=249, noticed=284, end_reason="Price"),
               use=Use(adoption=0.6, curve=fade_out(249))),
    open_small(1032, "Harbour & Finch", "Property", "GB", "Portsmouth", 33, CAMILLE, MAREK,
               sign_year("team", 21, 2, -378, ended=378, noticed=421, end_reason="Moved to a competitor"),
               use=Use(adoption=0.7, curve=fade_out(378, 0.3)), currency="GBP"),
    open_small(1053, "Kranz Elektro", "Electrical", "DE", "Zwickau", 38, JONAS, INES,
               sign_year("team", 23, 2, -70, ended=70, noticed=108, end_reason="Low adoption"),
               use=Use(adoption=0.62, curve=fade_out(70, 0.35))),
    open_small(1036, "Bistro Kolonáda", "Catering", "CZ", "Mariánské Lázně", 18, JONAS, MAREK,
               pay_monthly(8, 884, moves=(), ended=560, end_reason="Business closed"), use=Use(curve=fade_out(560, 0.2,
                                                                                                              90))),
    open_small(1039, "Zielony Ogród", "Landscaping", "PL", "Kielce", 22, JONAS, MAREK,
               pay_monthly(10, 790, moves=(Move("contraction", ago=402, seats=14),), ended=323, end_reason="Price"),
               use=Use(curve=fade_out(323, 0.4, 130))),
    open_small(1124, "Fonteyn Tuinen", "Landscaping", "NL", "Ede", 16, CAMILLE, MAREK,
               pay_monthly(9, 447, moves=(), ended=118, end_reason="Low adoption"), use=Use(curve=fade_out(118, 0.25,
                                                                                                           120))),
    open_small(1127, "Ria Dourada Turismo", "Tourism", "PT", "Tavira", 24, JONAS, INES,
               pay_monthly(8, 391, moves=(), ended=41, end_reason="Season ended badly"), week=7, summer_trade=True,
               use=Use(curve=fade_out(41, 0.3, 100)), care=Care(failed=(102, 72))),
)
