"""What probes and checks found: the list that `exposure` keeps until a room for incidents is there."""
