"""The bulletin (运行简报): one set of figures for a unit or centre and a period, on screen and as files."""
