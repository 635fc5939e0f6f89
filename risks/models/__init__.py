from risks.models.closure import CloseOut, Verification
from risks.models.exits import ExitProposal, LongTermCheck
from risks.models.grading import Grading
from risks.models.guide import Guide, GuideEntry, GuideState
from risks.models.importing import RiskImport
from risks.models.point import ControlMeasure, RiskPoint, RiskState
from risks.models.treatment import Progress, TreatmentPlan

__all__ = [
    "CloseOut",
    "ControlMeasure",
    "ExitProposal",
    "Grading",
    "Guide",
    "GuideEntry",
    "GuideState",
    "LongTermCheck",
    "Progress",
    "RiskImport",
    "RiskPoint",
    "RiskState",
    "TreatmentPlan",
    "Verification",
]
