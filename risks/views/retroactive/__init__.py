"""补录: the wizard for one past case, the import of many, and the second person's comparison (X6)."""
