"""Answers to surveys: recommendation twice a year, satisfaction after sessions, effort now and then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from random import Random

from portfolio.sample.contacts import Contact
from portfolio.sample.days import draw_instant
from portfolio.sample.declare import Account
from portfolio.sample.world import ACCOUNTS, World

_COMMENTS = {
    "en": {
        "high": ("The week view saves us half a morning.", "Support answers like a colleague.",
                 "It simply works on site.",
                 "We would not go back to our lists.", "Good people, short ways.", "New planners learn it in a day."),
        "middle": ("Good, but the printed plan needs care.", "Fine in the office, slower on old phones.",
                   "Could be simpler for people who plan once a week.", "Solid. The map is behind the rest."),
        "low": ("Promised dates were moved twice.", "Too slow in the morning, when we need it.",
                "The crews stopped using it.", "We pay for more than we use.", "Nobody called back."),
    },
    "fr": {
        "high": ("La vue semaine nous fait gagner une demi-matinée.", "Un support qui connaît notre métier.",
                 "Simple sur le terrain, c'est l'essentiel.", "Les nouveaux s'y mettent en un jour."),
        "middle": ("Bien, mais l'impression reste fragile.", "Correct au bureau, lent sur les vieux téléphones.",
                   "La carte est en retrait du reste."),
        "low": ("Des dates promises et repoussées.", "Trop lent le matin, au moment où il le faut.",
                "Les équipes ne s'en servent plus.", "Nous payons plus que nous n'utilisons."),
    },
    "de": {
        "high": ("Die Wochenansicht spart uns den halben Vormittag.", "Der Support antwortet wie ein Kollege.",
                 "Läuft einfach, auch draußen."),
        "middle": ("Gut, der Ausdruck könnte besser sein.", "Im Büro gut, auf alten Handys langsam."),
        "low": ("Termine wurden zweimal verschoben.", "Morgens zu langsam, gerade dann brauchen wir es.",
                "Die Trupps nutzen es kaum noch."),
    },
}  # fmt: skip
# Answers that belong to a story: days ago, recommendation, who, what they said. Nothing else is
# answered by these customers in the last 270 days.
_TOLD: dict[int, tuple[tuple[int, int, str, str], ...]] = {
    1064: (
        (14, 6, "Ingrid Moe", "Good tool, but I need a date for the tablets."),
        (10, 2, "Siv Halland", "We tested the release for you."),
    ),
    1027: ((17, 7, "Gráinne Halloran", "I hear little of it since Martin announced that he leaves."),),
    1037: ((41, 7, "Miriam Oberle", "Im Haus wird gespart, der Nutzen muss belegt werden."),),
    1079: ((58, 3, "", "We do not know whom to call."),),
}
_TOLD_DAYS = 270
_EVERY = {"enterprise": 178, "mid_market": 184, "smb": 365}


def draw_score(rng: Random, account: Account, contact: Contact, ago: int) -> int:
    """Draw how likely a person is to recommend (0–10), by stance and by the account's mood."""
    strained = account.talk.is_strained(ago)
    fading = account.use.curve and account.use.curve[-1][1] < 0.75 and ago < 220
    low, high = (1, 6) if strained or (fading and account.lost) else (6, 10)
    if contact.stance == "detractor":
        low, high = 1, 5
    elif contact.stance == "supporter" and not strained:
        low = 8
    elif rng.random() < 0.2:
        low, high = min(low, 4), 7
    return rng.randint(low, high)


def comment_on(rng: Random, account: Account, share: float) -> str:
    """Return a comment that suits a score (share of the best), or none."""
    if rng.random() < 0.5:
        return ""
    kind = "high" if share >= 0.9 else "middle" if share > 0.65 else "low"
    return rng.choice(_COMMENTS[account.speaks][kind])


def list_answers(world: World, account: Account) -> list[tuple[str, datetime, int, Contact, str]]:
    """Return (kind, instant, score, person, comment) of an account, by instant."""
    rng, history = world.open_generator(account, "surveys"), world.history
    team = world.contacts[account.account_id]
    answers = []
    for ago, score, name, comment in _TOLD.get(account.number, ()):
        contact = next((c for c in team if c.name == name), team[0])
        answers.append(("nps", draw_instant(rng, history.workday_ago(ago), 8, 19), score, contact, comment))
    quiet_for = max(account.talk.silent_for, _TOLD_DAYS if account.number in _TOLD else 0)
    for first, last in world.find_paid_spans(account):
        ago = history.days_since(first) - rng.randrange(70, 160)
        while ago >= max(1, history.days_since(last), quiet_for):
            day = history.workday_ago(ago)
            there = [c for c in team if c.is_there_on(day)]
            wanted = {"enterprise": 3, "mid_market": 2, "smb": 1}[account.tier]
            for contact in rng.sample(there, min(len(there), rng.randint(0 if wanted == 1 else 1, wanted))):
                score = draw_score(rng, account, contact, ago)
                when = draw_instant(rng, history.some_workday_ago(max(1, ago - rng.randrange(9))), 8, 19)
                answers.append(("nps", when, score, contact, comment_on(rng, account, score / 10)))
            users = [c for c in there if not c.decides]
            if users and account.tier != "smb" and rng.random() < 0.55:
                kind, best = ("csat", 5) if rng.random() < 0.7 else ("ces", 7)
                contact = rng.choice(users)
                share = draw_score(rng, account, contact, ago) / 10
                after = max(1, ago - rng.randrange(20, 60))
                if after >= max(history.days_since(last), quiet_for):
                    when = draw_instant(rng, history.some_workday_ago(after), 8, 19)
                    answers.append((kind, when, max(1, round(share * best)), contact, comment_on(rng, account, share)))
            ago -= _EVERY[account.tier] + rng.randrange(-9, 10)
    return sorted(answers, key=lambda answer: answer[1])


def yield_surveys(world: World) -> Iterator[dict]:
    for account in ACCOUNTS:
        for order, (kind, when, score, contact, comment) in enumerate(list_answers(world, account), start=1):
            yield {
                "survey_id": f"V-{account.number}-{order:02d}",
                "account_id": account.account_id,
                "kind": kind,
                "answered_at": when,
                "score": score,
                "contact_email": contact.email,
                "comment": comment,
            }
