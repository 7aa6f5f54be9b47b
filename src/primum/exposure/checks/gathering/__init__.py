"""What the check reads of the system: sockets, discs, clock, packages, clear text. Nothing here judges."""
