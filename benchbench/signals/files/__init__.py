"""Files of signals as tables of numbers: a reader for each format."""
