"""Anchors: signed heads of the chain, kept outside the database, where its superuser cannot reach (docs/adr/0016)."""
