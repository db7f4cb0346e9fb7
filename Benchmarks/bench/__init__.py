"""The parts of Benchmarks/run. `cluster` and `processes` start things, `load` measures them."""
