"""The command line: one file per command, all of them talking to the running daemon."""
