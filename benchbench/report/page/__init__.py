"""Second stage of the report: numbers become blocks, with no markup in them."""
