"""Third-party intent: what customers were seen to look for elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from portfolio.sample.world import ACCOUNTS, World

PROVIDER = "Rivelin Signals"
_GROWTH_TOPICS = ("workflow automation", "time and attendance", "field service analytics", "partner scheduling",
                  "shift planning", "mobile work orders")  # fmt: skip
_LEAVING_TOPICS = ("planning software comparison", "contract cancellation", "field service alternatives")
# Accounts seen to look for something, by topic and days ago.
_TOLD = {
    1034: (("workflow automation", 47, 71), ("workflow automation", 19, 84)),
    1048: (("time and attendance", 33, 66),),
    1092: (("field service analytics", 24, 73),),
    1070: (("planning software comparison", 28, 69),),
    1083: (("field service alternatives", 41, 63),),
    1031: (("planning software comparison", 283, 78), ("field service alternatives", 246, 88)),
    1050: (("field service alternatives", 166, 81),),
}


def yield_intent_signals(world: World) -> Iterator[dict]:
    history = world.history
    for account in ACCOUNTS:
        rng = world.open_generator(account, "intent")
        chance = {"enterprise": 0.85, "mid_market": 0.5, "smb": 0.06}[account.tier]
        rows = list(_TOLD.get(account.number, ()))
        if rng.random() < chance:
            last = history.days_since(world.find_last_day(account))
            topics = _LEAVING_TOPICS if account.lost else _GROWTH_TOPICS
            low, span = (last + 10, 190) if account.lost else (15, 640)
            rows += [
                (rng.choice(topics), rng.randrange(low, low + span), rng.randint(22, 79))
                for _signal in range(rng.randint(1, 4))
            ]
        first = history.days_since(history.begins)
        for topic, ago, strength in sorted(rows, key=lambda row: -row[1]):
            if ago < first:
                yield {
                    "account_id": account.account_id,
                    "observed_on": history.ago(ago),
                    "topic": topic,
                    "strength": strength,
                    "provider": PROVIDER,
                }
