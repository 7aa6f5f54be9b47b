"""Studies on their way to a destination: what is to be sent, what was acknowledged, when it is tried again."""
