"""Who is told of changes to workitems, and what they are told (PS3.4 CC.2.3, CC.2.4; docs/design/orders.md)."""
