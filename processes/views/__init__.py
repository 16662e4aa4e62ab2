"""Views (视图): what a queue can be narrowed to, built in or saved by a person."""
