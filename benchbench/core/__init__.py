"""The nouns: what the rest of the suite is made of."""
