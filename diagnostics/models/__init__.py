from diagnostics.models.day import ArrivedFacts, DayDiagnosis
from diagnostics.models.diagnoses import Diagnosis
from diagnostics.models.drafts import ModelDraft
from diagnostics.models.kpis import KpiPeriod, KpiShelf, KpiShelfPeriod
from diagnostics.models.movements import Movement
from diagnostics.models.needs import ReadText, VoicedNeed
from diagnostics.models.nights import ModelVersion, Night, NightLease
from diagnostics.models.priorities import Priority
from diagnostics.models.quality import DoubtfulFacts
from diagnostics.models.studies import Study
from diagnostics.models.views import SavedView

__all__ = [
    "ArrivedFacts",
    "DayDiagnosis",
    "Diagnosis",
    "DoubtfulFacts",
    "KpiPeriod",
    "KpiShelf",
    "KpiShelfPeriod",
    "ModelDraft",
    "ModelVersion",
    "Movement",
    "Night",
    "NightLease",
    "Priority",
    "ReadText",
    "SavedView",
    "Study",
    "VoicedNeed",
]
