"""The stories told by the sample: on which account, what must be found, which facts carry it.

Days are counted back from the night (the last day of history) and hold for any reference day.
Each story is at least a cause of its account's diagnosis; tests check the facts themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from portfolio.sample.world import ACCOUNTS


@dataclass(frozen=True, slots=True)
class Story:
    """One story. `facts` are (file, what its rows say); `finds` is what a diagnosis must see."""

    name: str
    account_ids: tuple[str, ...]
    finds: str
    facts: tuple[tuple[str, str], ...]


RELEASE_ACCOUNTS = tuple(account.account_id for account in ACCOUNTS if account.use.release_drop)

STORIES = (
    Story(
        "sponsor_left",
        ("A-1027",),
        "The executive sponsor and champion of Clearwell Utilities left 13 days ago, nobody who decides was spoken to"
        " for 41 days, and the decision date is 11 days ahead. No renewal was begun.",
        (
            ("contacts", "Martin Hale, champion, left_on 13 days ago; executive_sponsor_email is his"),
            ("interactions", "last exchange with a decision maker or economic buyer 41 days ago, others since"),
            ("subscriptions", "term of the only contract ends in 71 days, notice 60 days"),
            ("usage", "active_users_28d down by a quarter in four months"),
            ("opportunities", "no open renewal"),
        ),
    ),
    Story(
        "broken_release",
        RELEASE_ACCOUNTS,
        "Plan 8.2 of 30 days ago broke tablet sync: fourteen accounts use it less since, by 9 to 41%, and each has a"
        " ticket open past its due day. Halvorsen Rederi (A-1064) fell from 212 to 131 active people and holds three"
        " urgent ones, 8 days from its decision date.",
        (
            ("product_events", "release 'Plan 8.2: tablet sync rewritten', 30 days ago"),
            ("usage", "feature:tablet_sync and active_users_28d fall after that day"),
            ("tickets", "opened after it, unsolved, due_at passed; A-1064: three urgent, the oldest 9 days old"),
        ),
    ),
    Story(
        "seats_nearly_full",
        ("A-1048",),
        "376 of the 400 seats of Maison Aubrac are taken, two more each day: full in 12 days. Three new stores.",
        (
            ("usage", "active_users_28d 316 thirty days ago, 376 on the night"),
            ("subscriptions", "400 seats"),
            ("interactions", "calls of 19 and 7 days ago name the new stores"),
            ("opportunities", "seats, in negotiation, closes in 12 days"),
        ),
    ),
    Story(
        "calls_nearly_used",
        ("A-1077",),
        "Kestrel Logistics consumed 97% of its included API calls in 30 days, over 90% for the third month.",
        (
            ("usage", "api_calls of the last 30 days: 97% of 1,000,000; the three full months before: 91 to 97%"),
            ("plan_limits", "plan-enterprise includes 1,000,000 api_calls a month"),
            ("opportunities", "upsell, proposed, closes in 15 days"),
        ),
    ),
    Story(
        "need_voiced",
        ("A-1034",),
        "Quality at Orvanta Pharma asks for automation in three tickets and the review; Plan is well adopted, Flow is"
        " not owned.",
        (
            ("tickets", "63, 35 and 13 days ago, with need phrases of Flow"),
            ("interactions", "QBR of 21 days ago, with need phrases of Flow"),
            ("usage", "four of five seats active; feature:rule_builder found 52 days ago"),
        ),
    ),
    Story(
        "need_voiced_elsewhere",
        ("A-1048", "A-1092", "A-1073", "A-1022", "A-1046"),
        "Needs of Time (A-1048, A-1073, A-1046) and Insight (A-1092, A-1022) voiced in tickets, calls and reviews.",
        (("tickets", "need phrases within 80 days"), ("interactions", "need phrases at A-1073 and A-1092")),
    ),
    Story(
        "late_payer",
        ("A-1037",),
        "A quarterly invoice of about €23,000 to Brückner Klinik is 34 days overdue, two reminders unanswered, use"
        " falls, and the decision date is 12 days ahead.",
        (
            ("invoices", "due 34 days ago, unpaid"),
            ("interactions", "outbound mails of 19 and 6 days ago to Jens Ahrens, no answer"),
            ("usage", "active_users_28d down by a quarter in 30 days"),
        ),
    ),
    Story(
        "silent_account",
        ("A-1068",),
        "No exchange either way with Fjordmark Ferries for 214 days, no ticket worth naming, use sags slowly.",
        (
            ("interactions", "the last call 214 days ago, bulk mail only since"),
            ("usage", "active_users_28d down by about a sixth over 230 days"),
        ),
    ),
    Story(
        "onboarding",
        ("A-1163",),
        "Linnea Care began 69 days ago: two of four milestones reached, low use that is no fault.",
        (
            ("accounts", "phase onboarding"),
            ("milestones", "kick_off and first_schedule_published"),
            ("usage", "a rising third of the seats"),
        ),
    ),
    Story(
        "notice_given",
        ("A-1093", "A-1100"),
        "Notice was given: confirmed loss, not value at risk.",
        (("subscriptions", "notice_given_on 12 and 21 days ago, ended_on 77 and 91 days ahead"),),
    ),
    Story(
        "pipeline_on_degrading_account",
        ("A-1070", "A-1064", "A-1086"),
        "Open expansion opportunities on accounts whose use is falling: fictional until they recover.",
        (
            ("opportunities", "cross_sell 27,150 (A-1070), upsell 22,300 (A-1064), seats 11,300 (A-1086), all open"),
            ("usage", "falling since the release; at A-1070 for five months"),
        ),
    ),
    Story(
        "contraction_at_renewal",
        ("A-1083", "A-1058"),
        "Seats were cut at the last renewal: Sarnia Wind from 168 to 132 and use goes on falling, with the next"
        " decision in 3 days; Riverton Housing from 342 to 315.",
        (("subscriptions", "change_reason contraction on the first day of the running term"),),
    ),
    Story(
        "recovery",
        ("A-1088",),
        "Polderzicht: nine tickets past their limit in two months, one in the last month, and use is back.",
        (
            ("tickets", "solved after due_at: nine between 99 and 35 days ago, one since"),
            ("usage", "active_users_28d back to the level before"),
        ),
    ),
    Story(
        "no_owner",
        ("A-1079",),
        "Nobody owns Bastion Security for 96 days, and nobody has spoken to it since.",
        (("accounts", "csm_email and am_email empty"), ("account_history", "both emptied 96 days ago")),
    ),
    Story(
        "stale_opportunity",
        ("A-1073",),
        "Time for Löwen Apotheken stands in one stage for 94 days; it should have closed 12 days ago.",
        (("opportunity_history", "last stage 94 days ago"), ("opportunities", "closes_on 12 days ago")),
    ),
    Story(
        "plan_overdue",
        ("A-1022", "A-1064"),
        "The plans of two strategic accounts are old: Valcourt Assurances 171 days, with a goal 23 days overdue;"
        " Halvorsen Rederi 97 days, with its review overdue by a week.",
        (
            ("account_plans", "latest updated_on 171 and 97 days ago"),
            ("account_goals", "A-1022: due 23 days ago, not done"),
            ("interactions", "A-1064: last QBR 98 days ago"),
        ),
    ),
    Story(
        "price_ahead",
        ("A-1074",),
        "List prices rise at the next renewal; Arvika Timber pays 15% under list and decides in 44 days.",
        (
            ("product_events", "price_change announced 17 days ago"),
            ("subscriptions", "discount_percent 15"),
            ("opportunities", "price, identified"),
        ),
    ),
    Story(
        "champion_left_overnight",
        ("A-1094",),
        "The champion of Pellworm Werft left on the last night: it stands first among what moved.",
        (("contacts", "Frauke Petersen, champion, left_on the night"),),
    ),
    Story(
        "churned",
        tuple(a.account_id for a in ACCOUNTS if a.lost and a.number != 1054),
        "Thirteen customers left within 24 months, after use had fallen for months.",
        (("subscriptions", "last period ended"), ("usage", "active_users_28d under 65% of a year's best")),
    ),
    Story(
        "transferred",
        ("A-1054", "A-1061"),
        "Delacroix Nord's contract moved to Delacroix Transports on one day: neither churn nor new.",
        (("subscriptions", "contract_id C-2023-019 ends at one and starts at the other on the same day"),),
    ),
    Story(
        "migrated",
        ("A-1090", "A-1056", "A-1041"),
        "Moved to a higher plan on new paper: one subscription ends and another starts on the same day.",
        (("subscriptions", "two subscription_id of product plan meet on one day"),),
    ),
    Story(
        "reactivated",
        ("A-1049", "A-1106"),
        "Came back after 83 and 104 days without a contract.",
        (("subscriptions", "change_reason reactivation after a gap beyond the grace"),),
    ),
    Story(
        "renewed_late",
        ("A-1060",),
        "Signed 12 days after the term had ended: within the grace, neither churn nor reactivation.",
        (("subscriptions", "a gap of 12 days between two periods"),),
    ),
    Story(
        "healthy_and_quiet",
        ("A-1019", "A-1055", "A-1044"),
        "Large, healthy and seldom heard: nothing to do.",
        (("usage", "over four of five seats active and steady"), ("tickets", "less than one a month, none overdue")),
    ),
)
STORY = {story.name: story for story in STORIES}
