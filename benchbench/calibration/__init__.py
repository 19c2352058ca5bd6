"""Checks of the instruments and the verdicts against known answers, and of the installation."""
