"""Containment: what stops a breach, each step an entry of the file, evidence first; nothing here deletes."""
