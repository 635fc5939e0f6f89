from records.models.attachment import Attachment
from records.models.case import Case, CaseCounter, CaseParticipant
from records.models.countersign import Countersign
from records.models.delivery import Delivery
from records.models.letter import Letter
from records.models.numbering import LetterCounter, LetterSeries
from records.models.signature import Signature

__all__ = [
    "Attachment",
    "Case",
    "CaseCounter",
    "CaseParticipant",
    "Countersign",
    "Delivery",
    "Letter",
    "LetterCounter",
    "LetterSeries",
    "Signature",
]
