"""HL7 v2: bytes to facts and back, for patients and orders in, results out (docs/design/orders.md)."""
