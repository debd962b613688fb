"""diagnoses.csv: one night of an organization, cell by cell as the data contract says."""

import csv
import json
import uuid
from collections import defaultdict
from datetime import date
from typing import Any, TextIO

from accounts.models import Organization
from diagnostics.engine import ScoringModel, read_contributions
from diagnostics.evidence import find_records
from diagnostics.model_versions import read_model
from diagnostics.models import Diagnosis, Night

COLUMNS = (
    "account_id", "night", "arr", "health", "potential", "churn_risk", "renewal_risk", "segment", "lever",
    "value_at_risk", "expansion_potential_arr", "renews_on", "confidence", "top_cause", "causes",
)  # fmt: skip
BLOCK = 2000


def export_diagnoses(organization: Organization, night: date, target: TextIO) -> int:
    """Write the night's diagnoses as CSV, sorted by the source's account_id; returns how many.

    Raises Night.DoesNotExist for a night that is not diagnosed. The same night always gives the same bytes.
    """
    record = Night.objects.select_related("model_version").get(night=night)
    model = read_model(record.model_version)
    evidence = Evidence(organization, night)
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    diagnoses = Diagnosis.objects.filter(night=night).select_related("account").order_by("account__source_id")
    for diagnosis in diagnoses.iterator(chunk_size=BLOCK):
        writer.writerow(describe(diagnosis, model, evidence, organization.currency))
    return record.accounts


class Evidence:
    """The identifiers behind a selection, by account: one query for each selection that is asked for."""

    def __init__(self, organization: Organization, night: date) -> None:
        self.organization, self.night = organization, night
        self._found: dict[tuple[str, str], dict[uuid.UUID, list[str]]] = {}

    def of(self, file: str, selection: str, account_id: uuid.UUID) -> list[str]:
        """The account's identifiers, each once, newest first."""
        if (file, selection) not in self._found:
            by_account = self._found[file, selection] = defaultdict(list)
            for record in find_records(file, selection, organization=self.organization, night=self.night):
                by_account[record.account_id].append(record.source_id)
        return list(dict.fromkeys(self._found[file, selection].get(account_id, ())))


def describe(diagnosis: Diagnosis, model: ScoringModel, evidence: Evidence, currency: str) -> list[Any]:
    """One row of the file; missing values are empty."""
    contributions = []
    for given in read_contributions(model, diagnosis.points, diagnosis.values):
        # Points of a withheld health are facts on the account's page; here they would add up to a score that is none.
        if not given.points or (given.score == "health" and diagnosis.health is None):
            continue
        names = [
            {"file": file, "id": name}
            for file, selection in ((r.file, r.selection) for r in given.records)
            for name in evidence.of(file, selection, diagnosis.account_id)
        ]
        texts = {"limit_metric": diagnosis.limit_metric}
        sentence = given.sentence("en", currency=currency, night=diagnosis.night, texts=texts)
        contributions.append(
            {
                "score": given.score,
                "signal": given.name,
                "source": given.source,
                "points": _number(given.points),
                "evidence": sentence.replace("**", ""),
                "records": names,
            }
        )
    base = {score: _number(value) for score, value in model.base.items()}
    causes = {"base": base["health"], "base_potential": base["potential"], "contributions": contributions}
    return [
        diagnosis.account.source_id,
        diagnosis.night.isoformat(),
        diagnosis.arr,
        _number(diagnosis.health),
        _number(diagnosis.potential),
        diagnosis.churn_risk,
        diagnosis.renewal_risk,
        diagnosis.segment,
        diagnosis.lever,
        diagnosis.value_at_risk,
        diagnosis.expansion_potential_arr,
        diagnosis.renews_on,
        diagnosis.confidence,
        model.names[diagnosis.top_cause - 1] if diagnosis.top_cause else None,
        json.dumps(causes, ensure_ascii=False, separators=(",", ":")),
    ]


def _number(value: float | None) -> float | int | None:
    """A whole number without its `.0`; multiples of 1/16 print exactly."""
    return int(value) if value is not None and value == int(value) else value
