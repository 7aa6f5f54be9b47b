"""Who touched the box, the server or the network: a record before, a probe before and after, the report attached."""
