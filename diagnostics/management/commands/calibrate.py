"""Fits the scoring model to an organization's own outcomes, and says whether that beats the default."""

import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from diagnostics.calibration import Calibration, TooLittleHistory, Trial, calibrate
from diagnostics.management.organizations import add_organization_argument, organization_named, parse_day
from diagnostics.model_versions import Overtaken
from diagnostics.telling_features import find_telling_features

OUTCOME = {"health": "churn", "potential": "expansion"}


class Command(BaseCommand):
    help = (
        "Fit weights and the churn curve to what happened to the organization's own accounts, from past nights whose "
        "outcomes were known on the day. They are kept only if they beat the default out of time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_organization_argument(parser)
        parser.add_argument("--as-of", type=parse_day, required=True, metavar="DATE", help="what was known by this day")
        parser.add_argument("--publish", action="store_true", help="put the result in force as a new model version")

    def handle(self, *args: Any, **options: Any) -> None:
        organization_id = organization_named(options["organization"])
        try:
            found = calibrate(organization_id, options["as_of"], publish=options["publish"])
        except TooLittleHistory as error:
            raise CommandError(f"The default stays. {error}") from error
        except Overtaken as error:
            raise CommandError(f"Nothing is published. {error} Run it again.") from error
        self.stdout.write(f"{len(found.nights)} monthly nights, {found.nights[0]} to {found.nights[-1]}.")
        for trial in found.trials.values():
            self.stdout.write(describe_trial(trial))
            if trial.kept:
                self.stdout.write(f"  Points at full strength, mid-market: {describe_weights(found, trial)}.")
        self._write_curve(found)
        self._write_features(found, organization_id)
        if found.number is not None:
            self.stdout.write(f"Published as version {found.number}, for nights from {options['as_of']} on.")
        elif not found.changed:
            self.stdout.write("The default stays.")
        else:
            self.stdout.write("Not published: --publish puts it in force.")

    def _write_features(self, found: Calibration, organization_id: uuid.UUID) -> None:
        told = find_telling_features(organization_id, found.nights, known_by=found.as_of)
        for effect, what in (("negative", "left"), ("key", "stayed")):
            names = [f"{one.metric} {one.auc}" for one in told if one.effect == effect]
            if names:
                self.stdout.write(
                    f"Unmarked features that accounts which {what} use more of, with their AUC alone: "
                    f"{', '.join(names)}. A mark as {effect} in the catalogue makes health read them."
                )

    def _write_curve(self, found: Calibration) -> None:
        curve = found.curve
        if curve is None:
            return
        kept = "fitted" if curve.kept or found.trials["health"].kept else "the default stays"
        self.stdout.write(
            f"Churn curve: {kept}; log-loss {curve.fitted_loss:.4f} against {curve.default_loss:.4f} by default; "
            f"mean forecast out of time {curve.mean_forecast:.3f}, rate {curve.rate:.3f}. "
            f"What {curve.recent} later nights have shown so far moves it: log-odds × {curve.slope:.2f} "
            f"{curve.shift:+.2f}. By tenths of forecast, before that:"
        )
        for part in curve.reliability:
            self.stdout.write(f"  {part.rows:6} rows  forecast {part.forecast:.3f}  happened {part.happened:.3f}")


def describe_trial(trial: Trial) -> str:
    """One line on what fitting a score came to."""
    name = OUTCOME[trial.score]
    if trial.fitted is None or trial.default is None:
        return f"{trial.score}: the default stays; {trial.why_not}."
    verdict = "fitted weights are kept" if trial.kept else f"the default stays; {trial.why_not}"
    return (
        f"{trial.score}: {verdict}. {trial.accounts} accounts with {name}; AUC out of time {trial.fitted} against "
        f"{trial.default} by default, log-loss {trial.fitted_loss:.4f} against {trial.default_loss:.4f}."
    )


def describe_weights(found: Calibration, trial: Trial) -> str:
    """Each signal whose weight moved: the default's, then the fitted; the largest first."""
    pairs = [(found.model.weights[n]["mid_market"], found.default.weights[n]["mid_market"], n) for n in trial.factors]
    moved = [f"{name} {before:g} → {now:g}" for now, before, name in sorted(pairs, reverse=True) if now != before]
    return ", ".join(moved)
