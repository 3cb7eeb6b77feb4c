"""What is measured: each contender runs in a process of its own (see benchmarks.worker)."""
