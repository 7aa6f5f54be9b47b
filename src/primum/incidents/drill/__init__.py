"""The exercise: a scenario played in a demo home with a clock that is moved by hand, and what was missed."""
