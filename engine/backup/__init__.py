"""Backup and restore: every row of every table, readable without this program, the same from both databases.

A backup is a ZIP archive: one member of JSON lines for each table, in an order in which references can be filled, and a
manifest with what must be there. Rows instead of pages or `pg_dump`, because so a backup of SQLite goes into
PostgreSQL and back, needs no programs of the server, is read again with nothing but `unzip`, and two databases that
hold the same have the same hashes: that is how a restore proves that nothing is missing.
"""
