"""The competitors, one file each, found by being here."""
