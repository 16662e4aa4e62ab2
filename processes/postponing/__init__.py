"""Postponed acts (暂缓执行): what a person decided, kept for a few seconds in which it can still be undone."""
