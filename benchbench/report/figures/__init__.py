"""The pictures of the report, and the one table that lists them."""
