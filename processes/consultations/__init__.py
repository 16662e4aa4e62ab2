"""Consultations (会商): opinions, a meeting with minutes, a decision that prepares assignments."""
