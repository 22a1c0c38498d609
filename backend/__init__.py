"""The ML backend: candidates for people to correct, and models that learn from them."""
