"""The probe: climbs the ladders of services, within what was allowed, and reads nobody's data.

Of the standard library and `primum.ground.errors` alone, so that it is the one-file probe as it is
(docs/design/exposure.md). Entered by `run.py`.
"""
