"""How a port does TLS, seen by ClientHellos of our own. Entered by `sight.look`."""
