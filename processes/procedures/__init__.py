"""Procedures (程序) that run beside a case: whistle, consultation, mediation and its follow-up."""
