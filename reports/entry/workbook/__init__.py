"""Reports as Excel files: written, filled in elsewhere, read back, compared, written whole.

What is read as what: a typed number is taken exactly as Excel keeps it, a text is read by
reports.entry.said alone, a formula stands for the value that Excel last worked out for it.
"""
