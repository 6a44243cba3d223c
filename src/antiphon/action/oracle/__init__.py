"""The selection of the paper (3.3, 4.3): navigating a memory over a factor oracle, for comparison."""
