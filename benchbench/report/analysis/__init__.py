"""The first stage of the report: turns records into frames of numbers; knows no page and no picture."""
