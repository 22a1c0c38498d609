"""A tagger of words: which stretches of a text bear a label, and how sure that is."""
