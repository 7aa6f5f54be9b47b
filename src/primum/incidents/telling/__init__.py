"""Telling people (GDPR article 34): who is to be told, the letter that they get, what became of each."""
