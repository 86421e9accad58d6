"""The pure heart: what follows from what was seen.

Law of this package: no I/O, no clock, no threads, no logging, no randomness. Time (`now`) and
jitter are arguments. import-linter enforces it.
"""
