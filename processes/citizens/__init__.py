"""Citizens (群众) without an account: what they report, how they follow it by number and secret code, and no more."""
