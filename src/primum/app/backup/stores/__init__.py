"""Where generations are kept: a folder, or a bucket. Both pass the same contract (tests/contracts)."""
