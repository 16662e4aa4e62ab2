from __future__ import annotations

import pytest

from web.config import BadSetting, from_environment


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
