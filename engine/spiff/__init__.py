"""The only package that imports SpiffWorkflow; the rest of the engine sees `Instance` and `Compiled`."""
