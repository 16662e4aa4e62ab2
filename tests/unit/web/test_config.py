from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from web.config import BadSetting, from_environment
from web.server import MARGIN, Server
from web.stopping import SECONDS
from web.variables import KNOWN, MAX_DRAIN, OF_THE_BUILD, markdown

DOCS = Path(__file__).parents[3] / "docs"


def test_without_settings_everything_lies_in_var():
    settings = from_environment({})
    assert settings.database_url == "sqlite:///var/gridgov.db"
    assert str(settings.key_file) == "var/master.key"
    assert settings.webhook_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GRIDGOV_DATABASE_URL", "no url"),
        ("GRIDGOV_DATABASE_URL", "mysql://host/db"),
        ("GRIDGOV_MAX_BODY", "-1"),
        ("GRIDGOV_MAX_BODY", "20M"),
        ("GRIDGOV_WEBHOOK_URL", "file:///etc/passwd"),
        ("GRIDGOV_PROXIES", "all"),
    ],
)
def test_a_bad_setting_is_refused_by_its_name_in_both_languages(name: str, value: str):
    with pytest.raises(BadSetting) as refused:
        from_environment({name: value})
    assert name in refused.value.text("en")
    assert name in refused.value.text("zh")


def test_a_webhook_needs_a_secret():
    with pytest.raises(BadSetting, match="GRIDGOV_WEBHOOK_SECRET"):
        from_environment({"GRIDGOV_WEBHOOK_URL": "https://example.org/hook"})


def test_a_secret_may_come_from_a_file(tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("sixteen letters!\n")
    found = from_environment(
        {"GRIDGOV_WEBHOOK_URL": "https://example.org/hook", "GRIDGOV_WEBHOOK_SECRET_FILE": str(secret)}
    )
    assert found.webhook_secret == "sixteen letters!"


def test_the_databases_password_from_a_file_goes_into_its_address(tmp_path: Path):
    secret = tmp_path / "password"
    secret.write_text("a:b/c@d%\n")
    url = "postgresql+psycopg://gridgov@db/gridgov"
    found = from_environment({"GRIDGOV_DATABASE_URL": url, "GRIDGOV_DATABASE_PASSWORD_FILE": str(secret)})
    assert make_url(found.database_url).password == "a:b/c@d%"


@pytest.mark.parametrize(
    "environ",
    [
        {"GRIDGOV_METRICS_TOKEN": "sixteen letters!", "GRIDGOV_METRICS_TOKEN_FILE": "/somewhere"},
        {"GRIDGOV_METRICS_TOKEN_FILE": "/nowhere/at/all"},
        {"GRIDGOV_METRICS_TOKEN": "short"},
        {"GRIDGOV_DATABASE_URL": "postgresql+psycopg://g:one@db/g", "GRIDGOV_DATABASE_PASSWORD": "two"},
    ],
)
def test_a_secret_that_cannot_be_used_is_refused_and_not_repeated(environ: dict[str, str]):
    with pytest.raises(BadSetting) as refused:
        from_environment(environ)
    said = refused.value.text("en") + refused.value.text("zh")
    assert "short" not in said
    assert "one" not in said.replace("keep one of them", "")


def test_the_documentation_has_the_table_of_the_code():
    """`gridgov config table` prints it."""
    assert markdown("en") in (DOCS / "operating.md").read_text("utf-8")
    assert markdown("zh") in (DOCS.parent / "README.zh-CN.md").read_text("utf-8")


def test_every_setting_that_the_code_reads_stands_in_the_table():
    used = set()
    for folder in ("engine", "processes", "web"):
        for path in (DOCS.parent / folder).rglob("*.py"):
            used |= set(re.findall(r"GRIDGOV_[A-Z_]+[A-Z]", path.read_text("utf-8")))
    assert used - KNOWN - OF_THE_BUILD == set()


def test_a_stop_is_over_in_time_however_long_it_is_announced():
    for drain in range(MAX_DRAIN + 1):
        settings = from_environment({"GRIDGOV_DRAIN_SECONDS": str(drain)})
        server = Server("127.0.0.1", 8000, settings, with_worker=False)
        assert drain + server.cfg.graceful_timeout + MARGIN == SECONDS
        assert server.cfg.graceful_timeout >= 4  # for what runs
