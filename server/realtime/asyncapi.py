"""The AsyncAPI document: every Socket.IO message with the schema that validates it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import Flask, jsonify
from marshmallow import Schema


@dataclass(frozen=True, slots=True)
class Message:
    """One Socket.IO event. ``direction`` is seen from the server: it receives or it sends."""

    event: str
    direction: Literal["receive", "send"]
    schema: type[Schema]
    summary: str


def document(messages: Sequence[Message], version: str) -> dict[str, Any]:
    """An AsyncAPI 3.0 document of these messages, schemas as JSON Schema under ``components``."""
    spec = APISpec(
        "crypto-predict", version, "3.1.0", plugins=[MarshmallowPlugin(schema_name_resolver=_name_of)]
    )
    for message in messages:
        # One that another schema nests is there already.
        if _name_of(message.schema) not in spec.components.schemas:
            spec.components.schema(_name_of(message.schema), schema=message.schema)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "crypto-predict",
            "version": version,
            "description": "Socket.IO 5 on the default namespace `/`; each client message is acknowledged "
            "with `{ok: true, ...}` or `{ok: false, error}`.",
        },
        "defaultContentType": "application/json",
        "channels": {message.event: _channel(message) for message in messages},
        "operations": {message.event: _operation(message) for message in messages},
        "components": {"schemas": spec.to_dict()["components"]["schemas"]},
    }


def _name_of(schema: Any) -> str:
    """The schema's own name: what generated types are called."""
    return str(resolve_schema_cls(schema).__name__)  # type: ignore[union-attr]


def serve(app: Flask, path: str, messages: Sequence[Message]) -> None:
    """Answer ``GET path`` with the document."""
    described = document(messages, app.config["API_VERSION"])
    app.add_url_rule(path, "asyncapi", lambda: jsonify(described))


def _channel(message: Message) -> dict[str, Any]:
    payload = {"$ref": f"#/components/schemas/{_name_of(message.schema)}"}
    summary = {"name": message.event, "summary": message.summary, "payload": payload}
    return {"address": message.event, "messages": {message.event: summary}}


def _operation(message: Message) -> dict[str, Any]:
    return {
        "action": message.direction,
        "channel": {"$ref": f"#/channels/{message.event}"},
        "messages": [{"$ref": f"#/channels/{message.event}/messages/{message.event}"}],
        "summary": message.summary,
    }
