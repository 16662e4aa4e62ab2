"""REST resources under /api/v1, one module each. Views load, permit, act; nothing is decided here."""
