"""The only package that imports SpiffWorkflow; the rest of the engine sees `instance.Instance` and `compiler.Compiled`."""
