"""Deadlines (时限): the table of rules, the arithmetic, and the running clocks."""
