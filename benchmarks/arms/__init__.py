"""What is measured: each arm runs in a process of its own (see benchmarks.worker)."""
