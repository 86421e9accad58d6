"""What the daemon shows of itself: the control socket, the HTTP server and its page.

Everything here reads published snapshots through callables it is given; it owns no site.
Nothing is imported here: client commands load `address` alone.
"""
