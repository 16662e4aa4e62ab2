"""A channel that posts effects to an HTTP address, signed, with the effect's own key against doubles."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import requests

from engine.outbox import DeliveryError, Parcel

if TYPE_CHECKING:
    from engine.db import Store

TIMEOUT_SECONDS = 5


class WebhookChannel:
    """POSTs each effect of `topic` as JSON. 2xx is delivered; 4xx other than 408 and 429 will not be tried again."""

    at_once = 1
    """A receiver that does not answer costs TIMEOUT_SECONDS each; a worker must be able to stop in between."""

    def __init__(self, topic: str, url: str, secret: str) -> None:
        self.topic = topic
        self._url = url
        self._secret = secret.encode()

    def send(self, _store: Store, parcels: Sequence[Parcel]) -> dict[str, DeliveryError]:
        failed = {}
        for parcel in parcels:
            error = self._post(parcel)
            if error is not None:
                failed[parcel.key] = error
        return failed

    def _post(self, parcel: Parcel) -> DeliveryError | None:
        body = json.dumps(parcel.payload, ensure_ascii=False, sort_keys=True).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": parcel.key,
            "X-Gridgov-Signature": "sha256=" + hmac.new(self._secret, body, hashlib.sha256).hexdigest(),
        }
        try:
            answer = requests.post(
                self._url, data=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
        except requests.RequestException as error:
            return DeliveryError(type(error).__name__)
        if 200 <= answer.status_code < 300:
            return None
        permanent = 400 <= answer.status_code < 500 and answer.status_code not in {408, 429}
        return DeliveryError(f"HTTP {answer.status_code}", permanent=permanent)
