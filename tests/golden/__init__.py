"""States of cases as each release left them, which every later release must load and take to their end."""
