"""Plans a study of a user's signal that fits into the minutes that the user gives."""
