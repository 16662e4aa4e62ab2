"""The people's pages, one module for each desk. Views load, permit, act; changes go through the API."""
