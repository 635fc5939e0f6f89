"""Risk points from xlsx (R2): what the sheet looks like, reading it safely, keeping it until it is applied, applying it once."""

from risks.services.importing.applying import ImportedPoint, RowRefused, import_points
from risks.services.importing.keeping import forget_unapplied, keep_upload

__all__ = ["ImportedPoint", "RowRefused", "forget_unapplied", "import_points", "keep_upload"]
