"""What opens the file of a breach: findings, the journal, a person's story."""
