"""What passes between Label Studio and the gate, and the command that drives it."""
