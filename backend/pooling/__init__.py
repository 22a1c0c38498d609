"""What several engines say of one control, made into one answer."""
