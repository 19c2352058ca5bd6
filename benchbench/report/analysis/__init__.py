"""First stage of the report: frames of numbers, keyed by trial key. Knows no text and no picture."""
