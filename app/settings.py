"""Settings, read once from the environment and validated; a bad one is one clear line.

Names without a prefix are those other software uses too (`DATABASE_URL`, `PORT`); everything
else is `RINGSIDE_*`. Every secret can also come from a file, by `NAME_FILE`.
"""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from phonenumbers import SUPPORTED_REGIONS
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from app.errors import BadConfiguration
from app.floors import Floors
from app.steps import FloorStep, WeekStep


def _plain(name: str) -> Any:
    """A setting known by a name without the prefix."""
    return AliasChoices(name.lower(), name)


_Name = Annotated[str, Field(min_length=1, max_length=200)]
_ALIASES = TypeAdapter(dict[_Name, dict[_Name, _Name]])


class Settings(BaseModel):
    """What a deployment can set. Each field's description is its documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database_url: SecretStr = Field(
        SecretStr("postgresql://127.0.0.1:5432/ringside"),
        validation_alias=_plain("DATABASE_URL"),
        description="PostgreSQL 18 or later",
    )
    port: int = Field(
        8000, ge=1, le=65535, validation_alias=_plain("PORT"), description="of the API and the page"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias=_plain("LOG_LEVEL"), description="the least that is logged"
    )
    kafka_bootstrap_servers: str | None = Field(
        None,
        validation_alias=_plain("KAFKA_BOOTSTRAP_SERVERS"),
        description="host:port[,host:port]; without it events go straight to PostgreSQL",
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT",
        validation_alias=_plain("KAFKA_SECURITY_PROTOCOL"),
        description="TLS trusts what the system trusts (`SSL_CERT_FILE`)",
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "PLAIN",
        validation_alias=_plain("KAFKA_SASL_MECHANISM"),
        description="where the protocol is `SASL_…`",
    )
    kafka_sasl_username: str | None = Field(
        None, validation_alias=_plain("KAFKA_SASL_USERNAME"), description="the user of Kafka"
    )
    kafka_sasl_password: SecretStr | None = Field(
        None, validation_alias=_plain("KAFKA_SASL_PASSWORD"), description="its password"
    )
    topic_prefix: str = Field("ringside", description="topics are PREFIX.calls, PREFIX.orders, …")
    topic_partitions: int = Field(
        12, ge=1, le=1000, description="of topics that we create; the most consumers at work"
    )
    consumer_group: str = Field("ringside", description="the group that consumers share")

    default_zone: str = Field("UTC", description="IANA zone of reps nobody announced")
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = Field(
        "USD", description="the reporting currency"
    )
    region: str = Field("US", description="default region of phone numbers, ISO 3166")
    conversation_floor: int = Field(
        90, ge=0, le=86400, description="talk seconds that make an unclassified call a conversation"
    )
    conversation_floors: tuple[FloorStep, ...] = Field(
        (),
        description="other floors from a date on, of a team or (without one) of all: "
        '[{"from": "2026-12-01", "team": "West", "seconds": 60}]',
    )
    rep_aliases: Mapping[str, str] = Field(
        {},
        description="a file that says whom other systems' ids mean: "
        '`{"aircall": {"736640": "ada"}}`; what `rep.recorded` says comes first',
    )
    week_start: int = Field(0, ge=0, le=6, description="0 for Monday")
    working_weekdays: tuple[int, ...] = Field(
        (0, 1, 2, 3, 4), description="weekdays that count as working days, 0 for Monday"
    )
    working_weeks: tuple[WeekStep, ...] = Field(
        (),
        description="other working weeks from a date on, of a team or (without one) of all: "
        '[{"from": "2026-12-01", "team": "Gulf", "weekdays": [6, 0, 1, 2, 3]}]',
    )
    holiday_calendar: str | None = Field(
        None,
        pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,5})?$",
        description="a country (US) or part of it (US-CA) whose public holidays are free as well",
    )
    holidays: tuple[date, ...] = Field((), description="YYYY-MM-DD,…")
    final_after_hours: int = Field(
        36, ge=0, le=24 * 365, description="a day's figures are final so long after its end"
    )

    secret: SecretStr | None = Field(
        None, description="keys the hashes of phone numbers; never change it once data is in"
    )
    api_key: SecretStr | None = Field(None, description="an admin key, set at the start")
    data_dir: Path = Field(Path("data"), description="where `up` and `demo` keep their data")
    metrics_port: int | None = Field(
        None, ge=1, le=65535, description="`/metrics` on a port of its own; a consumer's health too"
    )
    events_per_minute: int = Field(0, ge=0, description="limit for one key; 0 for none")

    dead_letters_days: int = Field(
        0, ge=0, le=36_500,
        description="dead letters lose their bytes, and stay counted, after so many days; 0: never",
    )  # fmt: skip

    feeds: tuple[str, ...] = Field(
        (), description="feeds that must be on, each with its secret; NAME:insecure goes without"
    )
    feed_topics: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+=[a-z]+$")], ...] = Field(
        (), description="Kafka topics that carry a vendor's own payloads: TOPIC=FEED,…"
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#]+(/[^?#]*)?$",
        description="where vendors reach us, if a proxy stands between: https://ringside.example.com",
    )
    aircall_token: SecretStr | None = Field(None, description="the webhook token of Aircall")
    twilio_token: SecretStr | None = Field(None, description="the auth token of Twilio's account")
    ringcentral_token: SecretStr | None = Field(
        None, description="the verification token of RingCentral's subscription"
    )
    dialpad_secret: SecretStr | None = Field(None, description="the webhook secret of Dialpad")
    amazonconnect_key: SecretStr | None = Field(
        None, description="the access key of Amazon Connect's Firehose stream"
    )
    shopify_secret: SecretStr | None = Field(None, description="the webhook secret of Shopify")
    zoomphone_secret: SecretStr | None = Field(
        None, description="the secret token of Zoom's event subscription"
    )
    asterisk_secret: SecretStr | None = Field(
        None, description="the token that whoever posts Asterisk's call records sends"
    )
    asterisk_zone: str | None = Field(
        None, description="IANA zone of Asterisk's clock; without it `RINGSIDE_DEFAULT_ZONE`"
    )
    asterisk_extensions: str = Field(
        "[0-9]{2,6}", description="a regular expression: the names of channels that are reps"
    )
    asterisk_prefix: Annotated[str, Field(pattern=r"^[0-9*#]{0,5}$")] = Field(
        "", description="digits dialled for an outside line, no part of the number"
    )
    salesforce_secret: SecretStr | None = Field(
        None, description="the token that the relay of Salesforce's change events sends"
    )
    salesforce_stages: tuple[
        Annotated[str, Field(pattern=r"^.+=(draft|issued|won|lost)$")], ...
    ] = Field(
        (
            "Proposal/Price Quote=issued",
            "Negotiation/Review=issued",
            "Closed Won=won",
            "Closed Lost=lost",
        ),
        description="what an opportunity's stages mean: draft, issued, won or lost",
    )
    pipedrive_secret: SecretStr | None = Field(
        None, description="user:password of Pipedrive's webhooks (HTTP Basic)"
    )
    crm_orders: bool = Field(
        True,
        description="a deal won in Salesforce or Pipedrive is an order; "
        "not where a shop or ERP sends the orders",
    )

    hubspot_secret: SecretStr | None = Field(None, description="the client secret of HubSpot's app")
    hubspot_token: SecretStr | None = Field(
        None,
        description="the access token to read HubSpot's objects with, since webhooks lack them",
    )
    hubspot_url: str = Field(
        "https://api.hubapi.com",
        pattern=r"^https?://[^/?#]+$",
        description="where HubSpot's objects are read",
    )
    hubspot_stages: tuple[
        Annotated[str, Field(pattern=r"^[^=]+=(draft|issued|won|lost)$")], ...
    ] = Field(
        ("contractsent=issued", "closedwon=won", "closedlost=lost"),
        description="what a deal's stages mean, by their ids: draft, issued, won or lost",
    )

    debezium_secret: SecretStr | None = Field(
        None, description="the webhook secret of Debezium Server's HTTP sink: whsec_ and base64"
    )
    debezium_mapping: str | None = Field(
        None, description="which tables are calls and orders: a file in TOML or JSON, or the JSON"
    )

    notices_public_only: bool = Field(
        False, description="send notices of alerts to public addresses only"
    )

    check_sample: float = Field(
        1,
        ge=0,
        le=100,
        description="percent of the reps' days that are worked out anew every hour; 0 for none",
    )
    batch_events: int = Field(20_000, ge=1, le=100_000, description="the most a batch holds")
    brake_share: float = Field(
        0.5, gt=0, le=1, description="share of a batch that may be refused before we stop"
    )
    brake_minimum: int = Field(100, ge=1, description="refusals in a batch before the share counts")
    brake_run: int = Field(1_000, ge=1, description="refusals in a row before we stop")

    session_seconds: float = Field(
        10, ge=1, le=300, description="a consumer unheard of for so long loses its partitions"
    )
    watchdog_seconds: float = Field(
        120, gt=0, description="lag without progress for so long ends the consumer with an error"
    )
    accept_loss: bool = Field(
        False, description="go on where Kafka deleted records before the consumer read them"
    )

    @field_validator(
        "working_weekdays",
        "holidays",
        "feeds",
        "feed_topics",
        "hubspot_stages",
        "salesforce_stages",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("conversation_floors", "working_weeks", mode="before")
    @classmethod
    def _from_json(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValueError(f"JSON is needed: {error}") from None

    @field_validator("rep_aliases", mode="before")
    @classmethod
    def _from_file(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            named = _ALIASES.validate_json(Path(value).read_bytes())
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from None
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"{where or 'the file'}: {first['msg']}") from None
        return {
            f"{source}:{name}": rep for source, reps in named.items() for name, rep in reps.items()
        }

    @field_validator("debezium_mapping", mode="before")
    @classmethod
    def _mapping_itself(cls, value: object) -> object:
        """The mapping itself, as JSON: what a file says is read once, when settings are."""
        if not isinstance(value, str) or value.lstrip().startswith("{"):
            return value
        try:
            text = Path(value).read_text(encoding="utf-8")
            return text if text.lstrip().startswith("{") else json.dumps(tomllib.loads(text))
        except (OSError, ValueError, TypeError) as error:
            raise ValueError(f"cannot be read as TOML or JSON: {error}") from None

    @field_validator("database_url")
    @classmethod
    def _a_postgresql(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("postgresql://user:password@host:port/database is needed")
        return value

    @field_validator("default_zone", "asterisk_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(f"{value!r} is no IANA time zone, e.g. America/Denver")
        return value

    @field_validator("asterisk_extensions")
    @classmethod
    def _a_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"a regular expression is needed: {error}") from None
        return value

    @field_validator("region")
    @classmethod
    def _known_region(cls, value: str) -> str:
        if value not in SUPPORTED_REGIONS:
            raise ValueError(f"{value!r} is no region with a phone plan, e.g. US")
        return value


def floors_of(settings: Settings) -> Floors:
    """The conversation floors, by team and date."""
    steps = [(step.since, step.team, step.seconds) for step in settings.conversation_floors]
    return Floors(settings.conversation_floor, steps)


def _with_files(environ: Mapping[str, str]) -> dict[str, str]:
    """Fill each secret NAME from the file that NAME_FILE points to."""
    filled = dict(environ)
    for key, path in environ.items():
        name = key.removesuffix("_FILE")
        if name == key or name in environ or name.removeprefix("RINGSIDE_").lower() not in _SECRETS:
            continue
        try:
            filled[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadConfiguration(f"{key}: cannot read {path}: {error}") from error
    return filled


_SECRETS = {n for n, f in Settings.model_fields.items() if "SecretStr" in str(f.annotation)}


def is_secret(field: str) -> bool:
    """Whether `field` holds a secret, and so can come from a file."""
    return field in _SECRETS


def environment_name(field: str) -> str:
    """The variable that sets `field`."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[-1])
    return f"RINGSIDE_{field.upper()}"


def _check_names(environ: Mapping[str, str]) -> None:
    """A misspelt setting must not be passed over in silence; other `RINGSIDE_*` may be there."""
    known = {environment_name(field) for field in Settings.model_fields}
    known |= {f"{environment_name(field)}_FILE" for field in _SECRETS}
    for name in sorted(set(environ) - known):
        meant = get_close_matches(name, known, n=1, cutoff=0.92)
        if name.startswith("RINGSIDE_") and meant:
            raise BadConfiguration(f"{name}: there is no such setting; is {meant[0]} meant?")


def read(environ: Mapping[str, str] = os.environ, **over: Any) -> Settings:
    """Settings from `environ`, `over` on top; an empty one is as good as none.

    Raises `BadConfiguration` naming the variable, without the value of a secret.
    """
    _check_names(environ)
    filled = _with_files({name: value for name, value in environ.items() if value})
    named = {field: environment_name(field) for field in Settings.model_fields}
    values = {field: filled[name] for field, name in named.items() if name in filled}
    try:
        return Settings(**{**values, **over})
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]).lower()
        shown = "" if field in _SECRETS else f", not {first['input']!r}"
        what = first["msg"].removeprefix("Value error, ")
        raise BadConfiguration(f"{named.get(field, field)}: {what}{shown}") from None
