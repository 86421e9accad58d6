"""The tests, a package so that they can import one another."""
