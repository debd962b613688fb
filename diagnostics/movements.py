"""What moved since the last diagnosed night: found and written by one statement.

A health move counts from 5 points in a night or from 7 in thirty days, on the night that reaches it. The cause is the
signal whose contribution changed most in the direction of the move, among the signals of the score that moved.
"""

import uuid
from collections.abc import Iterable
from datetime import date, timedelta

from django.db.backends.utils import CursorWrapper

from diagnostics.book import DiagnosedBook
from diagnostics.engine import ScoringModel
from diagnostics.model_versions import read_model
from diagnostics.models import ModelVersion, Movement, Night

DAY_POINTS = 5.0
MONTH_POINTS = 7.0
MONTH = timedelta(days=30)
# How much older than thirty days the night of comparison may be, where nights are missing.
MONTH_SLACK = timedelta(days=15)
LIMIT_DAYS = 30
LIMIT_STEP_DAYS = 3

DELETE = "DELETE FROM diagnostics_movement WHERE organization_id = %s AND night = %s"

# t: tonight, p: the last diagnosed night, r and pr: about thirty days before each of them. MATERIALIZED, because the
# planner cannot know how few rows a night has and would look each account up in the whole history.
INSERT = """
WITH nights AS MATERIALIZED (
    SELECT account_id, night, arr, health, segment, lever, limit_metric, limit_on, points
    FROM diagnostics_diagnosis
    WHERE organization_id = %(organization)s AND night = ANY(%(nights)s)
),
noticed AS (
    SELECT account_id, sum(mrr) * 12 AS arr, max(ended_on) AS ends_on
    FROM portfolio_subscription
    WHERE organization_id = %(organization)s
      AND notice_given_on > %(continued)s AND notice_given_on <= %(night)s AND started_on <= %(night)s
    GROUP BY account_id
),
moved AS (
    SELECT t.account_id, t.arr, t.points, m.kind, m.from_value, m.to_value, m.from_code, m.to_code,
           m.score, m.direction, c.night AS since, c.points AS points_before
    FROM nights t
    JOIN nights p ON p.account_id = t.account_id AND p.night = %(continued)s
    LEFT JOIN nights r ON r.account_id = t.account_id AND r.night = %(month_ago)s
    LEFT JOIN nights pr ON pr.account_id = t.account_id AND pr.night = %(month_before_continued)s
    LEFT JOIN noticed n ON n.account_id = t.account_id
    CROSS JOIN LATERAL (
        SELECT t.health - p.health AS by_day, t.health - r.health AS by_month, p.health - pr.health AS was_by_month,
               t.limit_on - t.night AS days_left, p.limit_on - p.night AS days_left_before
    ) d
    CROSS JOIN LATERAL (VALUES
        ('notice_given', n.account_id IS NOT NULL, NULL, NULL, '', coalesce(n.ends_on::text, ''), 'health', -1, false),
        ('entered_defense', t.segment = 'defense_priority' AND p.segment <> t.segment,
            coalesce(r.health, p.health), t.health, p.segment, t.segment, 'health', -1, true),
        ('left_defense', p.segment = 'defense_priority' AND p.segment <> t.segment,
            coalesce(r.health, p.health), t.health, p.segment, t.segment, 'health', 1, true),
        ('entered_expansion', t.segment = 'expansion_priority' AND p.segment <> t.segment,
            NULL, NULL, p.segment, t.segment, '', 1, true),
        ('left_expansion', p.segment = 'expansion_priority' AND p.segment <> t.segment
                AND t.segment <> 'defense_priority',
            NULL, NULL, p.segment, t.segment, '', -1, true),
        ('health_moved', abs(d.by_day) >= %(day_points)s, p.health, t.health, '', '', 'health', sign(d.by_day), false),
        ('health_moved', coalesce(abs(d.by_day) < %(day_points)s AND abs(d.by_month) >= %(month_points)s
                AND abs(coalesce(d.was_by_month, 0)) < %(month_points)s, false),
            r.health, t.health, '', '', 'health', sign(d.by_month), true),
        ('limit_nearer', t.limit_metric <> '' AND d.days_left <= %(limit_days)s AND (
                d.days_left_before IS NULL OR t.limit_metric <> p.limit_metric OR d.days_left_before > %(limit_days)s
                OR p.limit_on - t.limit_on >= %(limit_step)s),
            CASE WHEN t.limit_metric = p.limit_metric THEN d.days_left_before END, d.days_left,
            p.limit_metric, t.limit_metric, 'potential', 1, false),
        ('lever_opened', t.lever <> p.lever AND t.lever <> ''
                AND NOT (t.lever = 'retain' AND t.segment = 'defense_priority' AND p.segment <> t.segment),
            NULL, NULL, p.lever, t.lever, CASE t.lever WHEN 'retain' THEN 'health' ELSE 'potential' END,
            CASE t.lever WHEN 'retain' THEN -1 ELSE 1 END, false),
        ('lever_closed', t.lever = '' AND p.lever <> ''
                AND NOT (p.lever = 'retain' AND p.segment = 'defense_priority' AND p.segment <> t.segment),
            NULL, NULL, p.lever, t.lever, CASE p.lever WHEN 'retain' THEN 'health' ELSE '' END,
            CASE p.lever WHEN 'retain' THEN 1 ELSE -1 END, false)
    ) AS m (kind, holds, from_value, to_value, from_code, to_code, score, direction, by_month)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN m.by_month AND r.night IS NOT NULL THEN r.night ELSE p.night END AS night,
               CASE WHEN m.by_month AND r.night IS NOT NULL THEN r.points ELSE p.points END AS points
    ) c
    WHERE t.night = %(night)s AND m.holds
      -- Most accounts did not move: only the others are held against each kind.
      AND (n.account_id IS NOT NULL OR t.segment <> p.segment OR t.lever <> p.lever
           OR abs(d.by_day) >= %(day_points)s OR abs(d.by_month) >= %(month_points)s OR d.days_left <= %(limit_days)s)
)
INSERT INTO diagnostics_movement (id, organization_id, night, account_id, kind, place, arr, from_value, to_value,
                                  from_code, to_code, since, cause, cause_points)
SELECT uuidv7(), %(organization)s, %(night)s, account_id, kind, array_position(%(kinds)s::text[], kind),
       arr, from_value, to_value, from_code, to_code, since, cause.number, cause.change
FROM moved
LEFT JOIN LATERAL (
    SELECT number, now - before AS change
    FROM unnest(points, points_before, %(scores)s::text[]) WITH ORDINALITY AS c (now, before, score, number)
    WHERE (moved.score = '' OR c.score = moved.score) AND (now - before) * direction > 0
      AND moved.since = ANY(%(comparable)s) AND c.score <> 'scale'
    ORDER BY abs(now - before) DESC, number
    LIMIT 1
) cause ON true
"""


def write_movements(cursor: CursorWrapper, book: DiagnosedBook) -> int:
    """Replace the night's movements; returns their number, 0 where there is no night to compare with."""
    organization_id, night, continued = book.organization.id, book.night, book.continued
    cursor.execute(DELETE, [organization_id, night])
    if continued is None:
        return 0
    versions = dict(
        Night.objects.filter(night__lt=night, night__gte=continued - MONTH - MONTH_SLACK).values_list(
            "night", "model_version_id"
        )
    )
    month_ago, month_before = pick_a_month_before(night, versions), pick_a_month_before(continued, versions)
    compared = {day: versions[day] for day in (continued, month_ago) if day}
    cursor.execute(
        INSERT,
        {
            "organization": organization_id,
            "night": night,
            "continued": continued,
            "month_ago": month_ago,
            "month_before_continued": month_before,
            "nights": [day for day in {night, continued, month_ago, month_before} if day],
            # Contributions are compared within one numbering of the signals only.
            "comparable": [day for day, version in compared.items() if _is_numbered_alike(version, book)],
            "day_points": DAY_POINTS,
            "month_points": MONTH_POINTS,
            "limit_days": LIMIT_DAYS,
            "limit_step": LIMIT_STEP_DAYS,
            "kinds": list(Movement.Kind.values),
            "scores": name_scores(book.model),
        },
    )
    return cursor.rowcount


def find_night_a_month_before(night: date) -> date | None:
    """The diagnosed night that the 30-day changes of `night` are measured against; None where there is none."""
    oldest = night - MONTH - MONTH_SLACK
    nights = Night.objects.filter(night__lt=night, night__gte=oldest).values_list("night", flat=True)
    return pick_a_month_before(night, nights)


def pick_a_month_before(night: date, nights: Iterable[date]) -> date | None:
    """The newest of `nights` that is thirty days old or a little more."""
    wanted = night - MONTH
    return max((day for day in nights if wanted - MONTH_SLACK <= day <= wanted), default=None)


def name_scores(model: ScoringModel) -> list[str]:
    """By signal number: the score it belongs to; the ends of the scale are nobody's cause."""
    return [signal.score for signal in model.declarations] + ["scale"] * (len(model.names) - len(model.signals))


def _is_numbered_alike(version_id: uuid.UUID, book: DiagnosedBook) -> bool:
    if version_id == book.version.id:
        return True
    return read_model(ModelVersion.objects.get(pk=version_id)).names == book.model.names
