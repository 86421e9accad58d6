"""The whole engine of one or two sites in one thread, on virtual time, from a seed.

The site, its ledger (SQLite, FULL), its transfers, their recovery and the strict store are the real
ones; files, threads, clocks and the wire are made here, and everything that may happen in another
order, or go wrong, is drawn from tapes that the seed names: one for the user, one for the order of
things, one for faults. What a seed finds, it finds again.
"""
