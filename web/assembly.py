"""Puts an installation together: settings → store, channels."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url

import processes.models
from engine import notices
from engine.clock import SystemClock
from engine.db import Store
from engine.definitions.catalogue import Catalogue
from engine.definitions.deploy import read_directory
from engine.environment import Environment, SystemEntropy
from engine.keys import KEY_BYTES, KeyFileExists, KeyRing
from engine.webhook import WebhookChannel
from processes import models_folder
from processes.registry import build

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.outbox import Channel, DeliveryError, Parcel
    from web.config import Settings

assert processes.models  # noqa: S101 # imported for its tables


def keys_of(settings: Settings, *, create: bool) -> KeyRing:
    """The master key; made anew only when asked, and only for a database that is new too.

    Beside an old database a new key would read nothing of it, and hide that the right one is missing.
    """
    if create and not settings.key_file.exists() and _is_new(settings.database_url):
        with suppress(KeyFileExists):  # another process that was started with this one was faster
            return KeyRing.create(settings.key_file, SystemEntropy().token_bytes(KEY_BYTES))
    return KeyRing.load(settings.key_file)


def _is_new(url: str) -> bool:
    database = make_url(url).database
    if make_url(url).get_backend_name() == "sqlite" and not (database and Path(database).exists()):
        return True
    engine = create_engine(url)
    try:
        return not inspect(engine).get_table_names()
    finally:
        engine.dispose()


def build_store(settings: Settings, *, create_key: bool = False) -> Store:
    """The store of this installation. Raises KeyFileMissing and what opening the database raises."""
    env = environment(keys_of(settings, create=create_key))
    return Store(settings.database_url, env, settings.pool_size)


def environment(keys: KeyRing) -> Environment:
    """What everything runs in, outside tests and simulations."""
    return Environment(clock=SystemClock(), keys=keys, catalogue=Catalogue(), registry=build())


def channels_of(settings: Settings) -> list[Channel]:
    """Every notice goes to the inboxes; with a webhook, a copy of it goes there."""
    if settings.webhook_url is None:
        return [notices.InboxChannel()]
    webhook = WebhookChannel(notices.TOPIC, settings.webhook_url, settings.webhook_secret)
    return [Both(notices.InboxChannel(), webhook)]


@dataclass(frozen=True)
class Both:
    """Delivers to the inbox and, with the same keys, to the webhook; what failed at either is tried again at both."""

    inbox: notices.InboxChannel
    webhook: WebhookChannel
    topic: str = notices.TOPIC
    at_once: int = WebhookChannel.at_once

    def send(self, store: Store, parcels: Sequence[Parcel]) -> dict[str, DeliveryError]:
        self.inbox.send(store, parcels)
        return self.webhook.send(store, parcels)


def models() -> Mapping[str, bytes]:
    """The models that come with gridgov."""
    return read_directory(models_folder())
