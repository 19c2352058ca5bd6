"""Two benchmark files, or two stores of records, held against each other."""
