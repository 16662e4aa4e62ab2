from __future__ import annotations

from pathlib import Path

import pytest

from engine.db import Base
from engine.keys import KeyFileMissing
from web import assembly
from web.config import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(f"sqlite:///{tmp_path / 'gridgov.db'}", tmp_path / "master.key", 1_000_000, None, "")


def test_a_new_database_gets_a_new_key_that_only_its_owner_reads(settings: Settings):
    assembly.build_store(settings, create_key=True).dispose()
    assert settings.key_file.stat().st_mode & 0o077 == 0


def test_no_key_is_made_unasked(settings: Settings):
    with pytest.raises(KeyFileMissing):
        assembly.build_store(settings)


def test_a_lost_key_is_missed_and_not_replaced(settings: Settings):
    store = assembly.build_store(settings, create_key=True)
    Base.metadata.create_all(store.engine)
    store.dispose()
    settings.key_file.unlink()
    with pytest.raises(KeyFileMissing):
        assembly.build_store(settings, create_key=True)
    assert not settings.key_file.exists()
