"""How things are said on the pages: moments, clocks, units, people, what happened. Pure functions, no HTML."""
