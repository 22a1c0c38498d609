"""The demonstration: a real Label Studio, real inputs, simulated annotators."""
