"""Definitions: models as immutable, content-addressed bundles, deployed only when they are valid."""
