"""Guide manuals (三(一)1): drafting, publishing, and risk points made from their entries."""
