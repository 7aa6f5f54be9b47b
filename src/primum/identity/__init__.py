"""Who is asking, and may they: controllers, people, sessions, permissions, devices, certificates."""
