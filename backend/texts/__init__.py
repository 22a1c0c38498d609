"""Linear models of words and characters: trained with scipy, served with numpy alone."""
