"""The lines of the check, a file each: `check(sources, rule, asked)` takes what was gathered and answers with a finding.

What an answer means, says and asks for is in `lines.toml` under the line's name: a new line is a file here and a table there.
"""
