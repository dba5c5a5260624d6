"""Settings: defaults, names, secrets from files, and one clear line for a bad one."""

import re
from datetime import date
from pathlib import Path

import pytest

from app.errors import BadConfiguration
from app.settings import Settings, environment_name, read


def test_a_new_deployment_has_the_documented_defaults() -> None:
    settings = read({})
    assert (settings.default_zone, settings.currency, settings.region) == ("UTC", "USD", "US")
    assert (settings.conversation_floor, settings.port, settings.log_level) == (90, 8000, "INFO")
    assert (settings.working_weekdays, settings.holidays) == ((0, 1, 2, 3, 4), ())
    assert settings.kafka_bootstrap_servers is None


def test_every_setting_has_the_name_it_is_known_by() -> None:
    names = {environment_name(field) for field in Settings.model_fields}
    plain = {name for name in names if not name.startswith("RINGSIDE_")}
    assert plain == {
        "DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "KAFKA_SECURITY_PROTOCOL",
        "KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD", "LOG_LEVEL", "PORT",
    }  # fmt: skip


def test_the_environment_sets_them_and_what_is_given_goes_before() -> None:
    environ = {
        "RINGSIDE_DEFAULT_ZONE": "America/Denver",
        "RINGSIDE_HOLIDAYS": "2026-12-25, 2027-01-01",
        "RINGSIDE_WORKING_WEEKDAYS": "0,1,2,3",
        "RINGSIDE_UNKNOWN": "of another version",
        "RINGSIDE_PORT": "tcp://10.0.0.1:80",  # Kubernetes names a service so
        "RINGSIDE_PORT_8000_TCP_ADDR": "10.0.0.1",
        "RINGSIDE_REGION": "",
        "PORT": "9000",
        "CURRENCY": "EUR",  # not ours: it has no prefix
    }
    settings = read(environ, port=9001)
    assert settings.default_zone == "America/Denver"
    assert settings.holidays == (date(2026, 12, 25), date(2027, 1, 1))
    assert settings.working_weekdays == (0, 1, 2, 3)
    assert (settings.port, settings.currency, settings.region) == (9001, "USD", "US")


def test_secrets_come_from_files_and_are_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("postgresql://s3cr3t\n")
    settings = read(
        {
            "RINGSIDE_SECRET_FILE": str(path),
            "DATABASE_URL_FILE": str(path),
            "RINGSIDE_API_KEY_FILE": str(path),
            "RINGSIDE_API_KEY": "given",
            "RINGSIDE_REGION_FILE": str(path),  # no secret: no file either
        }
    )
    assert settings.secret is not None
    assert settings.api_key is not None
    assert settings.secret.get_secret_value() == settings.database_url.get_secret_value()
    assert settings.secret.get_secret_value() == "postgresql://s3cr3t"
    assert settings.api_key.get_secret_value() == "given"
    assert settings.region == "US"
    assert "s3cr3t" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "eighty"),
        ("LOG_LEVEL", "LOUD"),
        ("RINGSIDE_DEFAULT_ZONE", "Denver"),
        ("RINGSIDE_DEFAULT_ZONE", "../etc/passwd"),
        ("RINGSIDE_REGION", "XX"),
        ("RINGSIDE_CURRENCY", "usd"),
        ("RINGSIDE_CONVERSATION_FLOOR", "-1"),
        ("RINGSIDE_HOLIDAYS", "25.12.2026"),
        ("RINGSIDE_WORKING_WEEKDAYS", "Monday"),
        ("KAFKA_SECURITY_PROTOCOL", "TLS"),
        ("RINGSIDE_SECRET_FILE", "/no/such/file"),
        ("RINGSIDE_CURENCY", "EUR"),
        ("RINGSIDE_HOLIDAY", "2026-12-25"),
        ("RINGSIDE_REP_ALIASES", "/no/such/file"),
    ],
)
def test_a_bad_one_is_one_line_that_names_it(name: str, value: str) -> None:
    with pytest.raises(BadConfiguration, match=f"^{re.escape(name)}: [^\n]+$"):
        read({name: value})


def test_a_bad_secret_is_not_shown() -> None:
    with pytest.raises(BadConfiguration) as bad:
        read({"DATABASE_URL": "mysql://ringside:hunter2@db/ringside"})
    assert bad.value.detail.startswith("DATABASE_URL: ")
    assert "hunter2" not in bad.value.detail


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "the file: Invalid JSON"),
        ('{"pbx": ["7"]}', "pbx: Input should be"),
        ('{"pbx": {"7": ""}}', "pbx.7: String should have at least 1 character"),
    ],
)
def test_a_bad_file_of_aliases_is_one_line_too(tmp_path: Path, text: str, wrong: str) -> None:
    file = tmp_path / "aliases.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadConfiguration) as bad:
        read({"RINGSIDE_REP_ALIASES": str(file)})
    assert bad.value.detail.startswith(f"RINGSIDE_REP_ALIASES: {wrong}")
    assert "\n" not in bad.value.detail


def test_aliases_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "aliases.json"
    file.write_text('{"aircall": {"7": "ada", "8": "bo"}, "zoom": {"7": "cy"}}', encoding="utf-8")
    settings = read({"RINGSIDE_REP_ALIASES": str(file)})
    assert settings.rep_aliases == {"aircall:7": "ada", "aircall:8": "bo", "zoom:7": "cy"}


def test_only_what_is_handed_over_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGSIDE_CURRENCY", "EUR")
    assert read({}).currency == "USD"
    assert read().currency == "EUR"


def test_every_setting_is_read_somewhere() -> None:
    root = Path(__file__).parents[1]
    sources = [*root.glob("app/**/*.py"), *root.glob("consumers/**/*.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    unread = [
        name
        for name in Settings.model_fields
        if not re.search(rf'ettings\.{name}\b|"{name}"', code)  # a feed names its own
    ]
    assert unread == []
