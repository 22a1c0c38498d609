"""People: who can be relied on, what they say together, and which gold they contradict."""
