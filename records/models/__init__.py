from records.models.attachment import Attachment
from records.models.authorisation import RecordingAuthorisation
from records.models.case import Case, CaseCounter, CaseParticipant
from records.models.countersign import Countersign
from records.models.delivery import Delivery
from records.models.dossier import DossierRequest
from records.models.letter import Letter
from records.models.numbering import LetterCounter, LetterSeries
from records.models.paper import PaperAct
from records.models.retroactive import EntryScan, RetroactiveEntry
from records.models.signature import Signature, SignatureVoid

__all__ = [
    "Attachment",
    "Case",
    "CaseCounter",
    "CaseParticipant",
    "Countersign",
    "Delivery",
    "DossierRequest",
    "EntryScan",
    "Letter",
    "LetterCounter",
    "LetterSeries",
    "PaperAct",
    "RecordingAuthorisation",
    "RetroactiveEntry",
    "Signature",
    "SignatureVoid",
]
