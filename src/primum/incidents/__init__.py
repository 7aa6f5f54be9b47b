"""Breaches: opened, understood, decided, notified, told to people and kept (GDPR art. 33 and 34)."""
