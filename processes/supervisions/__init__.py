"""Supervision (督办): a one-way ladder of cards on the unit that owes an answer."""
