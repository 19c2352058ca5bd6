"""The instruments and the verdicts, held against known answers; and a look at the installation."""
