"""The rules of the room: what is due, from which instant, in how many hours, by which text. Dated data."""
