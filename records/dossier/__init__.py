"""A case as one PDF or one archive (X10). Only `volume` knows pypdf; pages are printed by records.letters.render."""
