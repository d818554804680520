"""The list of a report's activities as an Excel file: written, filled in, read back whole."""
