"""The figures of the report, and the catalogue that lists them."""
