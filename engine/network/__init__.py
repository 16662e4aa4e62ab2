"""The network (五级网络): units, the people who work in them, and how both are imported."""
