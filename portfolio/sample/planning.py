"""Account plans, goals and the whitespace grid of the customers that have them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from portfolio.sample.contacts import list_departments
from portfolio.sample.declare import Account
from portfolio.sample.world import ACCOUNTS, World

# Days since the plan was last written, where a story says so; elsewhere 9 to 80.
PLAN_AGE = {1064: 97, 1022: 171}
# Larger accounts beside the strategic ones for which a plan is kept.
PLANNED = frozenset({1058, 1070, 1082, 1037, 1073, 1052, 1090, 1072, 1163, 1068})

_OBJECTIVES = {
    1064: ("One planning tool across 25 vessels by next June.", "25 vessels live, crew lists from tablets alone."),
    1048: ("60 stores on one tool by summer. Bring Paul Lemoine in before the price talk: the discount ends.",
           "One order for all openings, 470 seats."),
    1034: ("Quality closes deviations inside Plan.", "Approval in one place, no second entry in Visp and Stein."),
    1027: ("Three-year renewal signed with a named sponsor.", "Paper for the board out, price agreed."),
    1022: ("Surveyors in all five regions on the same rules.", "Delay of a survey under nine days in each region."),
    1077: ("All carriers on the feed by spring.", "Level of calls agreed before the limit is hit."),
    1163: ("All care units live within six months.", "Örebro, Kumla and Lindesberg plan without paper."),
}  # fmt: skip
_USUAL_OBJECTIVES = (
    ("Bring {site2} to the level of {site}.", "Same share of jobs closed on the phone in both."),
    ("Replace the last local lists in {dept}.", "No list left beside the board."),
    ("Cut late changes in {site} by a third.", "Measured by month, shown in the review."),
    ("{dept} plans its own permits.", "Nobody sent out with an expired one for a quarter."),
    ("One template for all sites.", "{site} and {site2} share it, local fields removed."),
    ("Prepare the reorganisation of {dept}.", "New teams live on the first day, no double planning."),
    ("Night shift of {site} on the phone app.", "Nine of ten jobs closed the same night."),
)


@dataclass(frozen=True, slots=True)
class Goal:
    """A next step; days count back from the night, due ahead is negative; done None while open."""

    title: str
    due: int
    done: int | None = None
    amount: int | None = None


_GOALS = {
    1022: (
        Goal("Agree the regional rules with Amandine Dufour", 23),
        Goal("Show the survey delays by region", -26, None, 34_000),
        Goal("Namur and Liège on the same template", 188, 195),
    ),
    1064: (
        Goal("Send one dated fix plan to Ingrid Moe", -6),
        Goal("Fleet tier for 25 vessels", -210, None, 22_300),
        Goal("Crewing on the skill list", 61, 66),
    ),
    1048: (
        Goal("500 seats before the holidays", -12, None, 38_060),
        Goal("Head office in the same order", -75, None, 11_700),
    ),
    1077: (Goal("Level of calls proposed and signed", -15, None, 26_120), Goal("Carrier feed documented", 44, 52)),
    1034: (
        Goal("Demonstration of Flow to Quality", -8, None, 46_400),
        Goal("Monthey planned in the same board", 102, 96),
    ),
    1163: (
        Goal("First schedule published in Örebro", 38, 37),
        Goal("Kumla live with all teams", -24),
        Goal("Payroll file accepted by their provider", -61),
    ),
    1027: (Goal("Named sponsor on the side of Clearwell", -9), Goal("Paper for the board", -5)),
}  # fmt: skip
_USUAL_GOALS = (
    "{site2} live with all teams", "Skills of {dept} complete", "Training of the new planners in {site}",
    "Printed plan retired in {site}", "Review with the finance team", "Permits kept by {dept}",
    "Late changes under one in ten in {site}", "Reference call with a company of the same trade",
)  # fmt: skip


def keeps_plan(account: Account) -> bool:
    return (account.strategic or account.number in PLANNED) and not account.lost


def fill(world: World, account: Account, text: str, turn: int) -> str:
    sites = account.sites or (account.city,)
    departments = list_departments(account)
    return text.format(
        site=sites[turn % len(sites)], site2=sites[(turn + 1) % len(sites)], dept=departments[turn % len(departments)]
    )


def yield_account_plans(world: World) -> Iterator[dict]:
    """Yield the states of each plan, oldest first; now and then one was reviewed without a change."""
    history = world.history
    for account in ACCOUNTS:
        if not keeps_plan(account):
            continue
        rng = world.open_generator(account, "plans")
        ago = PLAN_AGE.get(account.number) or rng.randrange(9, 80)
        oldest = min(620, history.days_since(world.find_first_day(account)) - 20)
        agos = []
        while ago < max(oldest, 30):
            agos.append(ago)
            ago += rng.randrange(68, 124)
        texts = rng.sample(range(len(_USUAL_OBJECTIVES)), len(_USUAL_OBJECTIVES))
        for order, ago in enumerate(reversed(agos)):
            latest = ago == agos[0]
            objective, criteria = _USUAL_OBJECTIVES[texts[order // 2 % len(texts)]]
            if latest and account.number in _OBJECTIVES:
                objective, criteria = _OBJECTIVES[account.number]
            reviewed = rng.random() < 0.4 and ago > 45 and account.number not in PLAN_AGE
            yield {
                "account_id": account.account_id,
                "objective": fill(world, account, objective, order // 2),
                "success_criteria": fill(world, account, criteria, order // 2),
                "owner_email": account.am if rng.random() < 0.25 else account.csm,
                "updated_on": history.workday_ago(ago) if ago in PLAN_AGE.values() else history.some_workday_ago(ago),
                "reviewed_on": history.workday_ago(ago - rng.randrange(20, 40)) if reviewed else None,
            }


def list_goals(world: World, account: Account) -> list[Goal]:
    """Return the goals of an account: those of its story, or drawn ones that are on time."""
    if account.number in _GOALS:
        return list(_GOALS[account.number])
    rng, history = world.open_generator(account, "goals"), world.history
    titles = rng.sample(_USUAL_GOALS, rng.randint(2, 3))
    oldest = min(300, history.days_since(world.find_first_day(account)) - 60)
    goals = [Goal(title, due := rng.randrange(25, oldest), due + rng.randrange(-4, 18)) for title in titles[1:]]
    worth = rng.randrange(4_100, 29_000, 70) if rng.random() < 0.4 else None
    return [*goals, Goal(titles[0], -rng.randrange(10, 130), None, worth)]


def yield_account_goals(world: World) -> Iterator[dict]:
    history = world.history
    for account in ACCOUNTS:
        if not keeps_plan(account):
            continue
        for order, goal in enumerate(list_goals(world, account), start=1):
            yield {
                "goal_id": f"G-{account.number}-{order}",
                "account_id": account.account_id,
                "title": fill(world, account, goal.title, order),
                "amount_arr": None if goal.amount is None else Decimal(goal.amount),
                "due_on": history.some_workday_ago(goal.due),
                "done_on": None if goal.done is None else history.some_workday_ago(goal.done),
                "owner_email": account.csm,
            }
