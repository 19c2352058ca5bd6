"""From a user's signal to a study of it that fits the minutes that there are."""
