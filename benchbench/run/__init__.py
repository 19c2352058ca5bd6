"""Makes records: one trial to one record, many trials side by side."""
