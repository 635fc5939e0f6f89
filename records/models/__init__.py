from records.models.attachment import Attachment
from records.models.case import Case, CaseCounter, CaseParticipant
from records.models.letter import Letter, LetterCounter
from records.models.signature import Signature

__all__ = [
    "Attachment",
    "Case",
    "CaseCounter",
    "CaseParticipant",
    "Letter",
    "LetterCounter",
    "Signature",
]
