"""Reads records and writes reports; needs neither PyTorch nor a plug-in."""
