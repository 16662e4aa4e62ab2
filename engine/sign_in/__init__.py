"""Signing in (登录): passwords, sessions, and how often somebody may try. Knows nothing of HTTP."""
