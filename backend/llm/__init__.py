"""Asking language models for labels: prompts, endpoints, what it costs, and what is remembered."""
