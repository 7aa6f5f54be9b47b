"""Networks of namespaces drawn from a seed, and the score of the probe on them (docs/design/exposure.md, Trials).

`python -m tests.trials --seeds 0..199`, as root. What is open where is said in `table.py`, before anything is probed.
"""
