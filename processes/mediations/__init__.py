"""Mediation of all five kinds (五调), and what follows an agreement."""
