"""Close-out (销号), 三(二)4: the principal applies, at least two others verify on site, their signed conclusion decides."""

from risks.services.closure.applying import apply_close_out, ask_correction, lapse_correction, supply_correction
from risks.services.closure.verifying import countersign, eligible_verifiers, object_verification, verify
from risks.services.closure.waiting import ClosureRefused, open_close_out, waiting_verification

__all__ = [
    "ClosureRefused",
    "apply_close_out",
    "ask_correction",
    "countersign",
    "eligible_verifiers",
    "lapse_correction",
    "object_verification",
    "open_close_out",
    "supply_correction",
    "verify",
    "waiting_verification",
]
