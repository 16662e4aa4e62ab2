"""Whistles (吹哨报到): a centre or department calls departments, and each must report in."""
