"""The notification: its fields in the form's order, its versions, what is printed of it. Nothing is sent from here."""
