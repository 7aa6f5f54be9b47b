"""The lines of the check, a file each: `check(sources, rule, asked)` answers with a finding.

What an answer means, says and asks for is in `lines.toml`: a new line is a file here and a table there.
"""
