"""How an authority would look at this file: criteria, ceilings, comparable decisions. Never an amount for the file."""
