"""From outside, as far as it can be told from inside: hints of routers and addresses, and the control.

A connection from inside to one's own public address proves nothing (hairpin): nothing here makes one. A hint says
what it proves and what it does not (docs/design/exposure.md, "From outside: how it is known").
"""
