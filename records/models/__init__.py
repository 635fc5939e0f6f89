from records.models.attachment import Attachment
from records.models.authorisation import RecordingAuthorisation
from records.models.case import Case, CaseCounter, CaseParticipant
from records.models.dossier import DossierRequest
from records.models.form import SubmittedForm
from records.models.letter import Letter, LetterCounter
from records.models.paper import PaperAct
from records.models.retroactive import EntryScan, RetroactiveEntry
from records.models.signature import Signature, SignatureVoid

__all__ = [
    "Attachment",
    "Case",
    "CaseCounter",
    "CaseParticipant",
    "DossierRequest",
    "EntryScan",
    "Letter",
    "LetterCounter",
    "PaperAct",
    "RecordingAuthorisation",
    "RetroactiveEntry",
    "Signature",
    "SignatureVoid",
    "SubmittedForm",
]
