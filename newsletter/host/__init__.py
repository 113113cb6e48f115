"""The machine that a process runs on, and what stands before it there."""
