"""Reads records and writes pages; needs neither torch nor a plug-in."""
