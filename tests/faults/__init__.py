"""Faults on purpose, and a judge: docs/design/durability.md. `python -m tests.faults --rounds 1000 --seed 1`."""
