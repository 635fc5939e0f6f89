"""Backup and restore of the whole portal: database, files, anchors (docs/adr/0017)."""
