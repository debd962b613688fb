"""Tickets and surveys as they stood on the night: solved, reopened or answered later is not known yet."""

from .reading import AMOUNT, COUNT, DAY, ID

TICKET_COLUMNS = {
    "account_id": ID,
    "tickets_90": COUNT,
    "tickets_open": COUNT,
    "tickets_overdue": COUNT,
    "overdue_ticket_days": COUNT,
    "severe_90": COUNT,
    "severe_open": COUNT,
    "reopened_90": COUNT,
    "good_180": COUNT,
    "bad_180": COUNT,
    "last_complaint_on": DAY,
    "first_ticket_on": DAY,
    "last_ticket_on": DAY,
    "support_known_to": DAY,
}

TICKET_STATEMENT = """
WITH known AS (
    SELECT account_id, opened_at, due_at, priority IN ('high', 'urgent') AS severe,
        CASE WHEN escalated_at < %(until)s THEN escalated_at END AS escalated_at,
        CASE WHEN reopened_at < %(until)s THEN reopened_at END AS reopened_at,
        solved_at IS NULL OR solved_at >= %(until)s OR (reopened_at > solved_at AND reopened_at < %(until)s) AS is_open,
        satisfaction,
        CASE WHEN satisfaction <> '' AND coalesce(satisfaction_at, solved_at) < %(until)s
            THEN coalesce(satisfaction_at, solved_at) END AS answered_at
    FROM portfolio_ticket
    WHERE organization_id = %(organization)s
        AND opened_at < %(until)s AND opened_at >= %(since_400)s
)
SELECT account_id,
    count(*) FILTER (WHERE opened_at >= %(since_90)s),
    count(*) FILTER (WHERE is_open),
    count(*) FILTER (WHERE is_open AND due_at < %(until)s),
    extract(day FROM %(until)s - min(due_at) FILTER (WHERE is_open AND due_at < %(until)s))::int,
    count(*) FILTER (WHERE severe AND opened_at >= %(since_90)s),
    count(*) FILTER (WHERE severe AND is_open),
    count(*) FILTER (WHERE greatest(reopened_at, escalated_at) >= %(since_90)s),
    count(*) FILTER (WHERE satisfaction = 'good' AND answered_at >= %(since_180)s),
    count(*) FILTER (WHERE satisfaction = 'bad' AND answered_at >= %(since_180)s),
    (greatest(max(escalated_at), max(answered_at) FILTER (WHERE satisfaction = 'bad')) AT TIME ZONE %(zone)s)::date,
    (min(opened_at) AT TIME ZONE %(zone)s)::date,
    (max(opened_at) AT TIME ZONE %(zone)s)::date,
    (max(max(opened_at)) OVER () AT TIME ZONE %(zone)s)::date
FROM known GROUP BY account_id
"""

SURVEY_COLUMNS = {"account_id": ID, "survey_score": AMOUNT, "survey_answers": COUNT, "survey_on": DAY}

# On one scale from -1 to 1: promoters, passives and detractors; satisfaction of 5 and effort of 7 steps.
SURVEY_STATEMENT = """
SELECT account_id,
    avg(CASE
        WHEN kind = 'nps' THEN CASE WHEN score >= 9 THEN 1 WHEN score >= 7 THEN 0 ELSE -1 END
        WHEN kind = 'csat' AND score <= 5 THEN (score - 3) / 2
        WHEN kind = 'ces' AND score <= 7 THEN (score - 4) / 3
    END),
    count(*), (max(answered_at) AT TIME ZONE %(zone)s)::date
FROM portfolio_survey
WHERE organization_id = %(organization)s
    AND answered_at < %(until)s AND answered_at >= %(since_270)s
GROUP BY account_id
"""
# One row per account with a ticket of the last 400 days, and with a survey answer of the last 270.
TICKETS = (TICKET_STATEMENT, TICKET_COLUMNS)
SURVEYS = (SURVEY_STATEMENT, SURVEY_COLUMNS)
