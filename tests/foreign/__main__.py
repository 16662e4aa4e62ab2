"""`python -m tests.foreign` writes docs/constructs.md anew."""

from tests.foreign.document import PATH, text

PATH.write_text(text(), encoding="utf-8")
print(f"{PATH} written")
