"""Reports from outside: nonces that our doors notice, what is read back, and whether it counts as a view from outside.

docs/design/exposure.md, "From outside: how it is known".
"""
