"""The overdue board (超期看板): what is late below a supervisor, unit by unit, and how well the units do."""
