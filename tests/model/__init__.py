"""One path in every possible life: users, a store that loses answers, crashes, and the real daemon.

Every interleaving of a few steps is walked through. What decides and what acts is the program
itself: the table and the merge, the calls of transfers, and the parts of a site that plan, record
and recover. What is made here is the world around it: a file, an object, a network, a ledger in
memory, the users, and the judge. `python -m tests.model --ops 4` runs it.
"""
