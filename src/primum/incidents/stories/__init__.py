"""The usual stories: what a teller says, what is asked then, and what the first hour asks for."""
