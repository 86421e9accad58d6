"""The soak: real daemons, busy people, a nemesis and a strict S3, for as long as one wants.

`python -m tests.soak --seconds 3600 --seed 7` (or `make soak ARGS=...`) runs it; a slice of half a
minute is in the suite. What is judged is in `stage.py` and `run.py`; the rules of the oracle and of
a run's end are those of `tests/strict`.
"""
