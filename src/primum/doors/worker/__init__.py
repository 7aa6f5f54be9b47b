"""The worker: the only writer of the index, the signer of the journal, and the command line's counter.

Its socket (`run/control.sock`) answers only processes of the same user, and everything but signing in
asks for a session.
"""
