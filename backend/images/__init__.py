"""Images: read from where tasks say, as numbers that tell them apart."""
