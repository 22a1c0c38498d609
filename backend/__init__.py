"""The ML backend: candidates for people to correct, and models that learn from them."""

import os

# Requests are answered side by side already. Threads of a matrix library's own would wait for each
# other on a busy machine: one image took twenty times as long. It reads this when it is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
