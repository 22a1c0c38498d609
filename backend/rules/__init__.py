"""Rules that a team writes: read from a file, matched against tasks, counted."""
