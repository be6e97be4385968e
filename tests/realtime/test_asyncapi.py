"""The AsyncAPI document: what clients in other languages generate their types from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask.testing import FlaskClient
from marshmallow import Schema, fields

from server.realtime.asyncapi import Message, document


class Epoch(Schema):
    """A nested payload."""

    loss = fields.Float(required=True)


class Update(Schema):
    """A payload that nests another."""

    seq = fields.Integer(required=True)
    data = fields.Nested(Epoch)


MESSAGES = (
    Message("update", "send", Update, "Something happened"),
    Message("update.epoch", "send", Epoch, "Its data"),
    Message("ask", "receive", Update, "A question of the same shape"),
)


def references(part: Any) -> Iterator[str]:
    """Every ``$ref`` in a document."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def resolved(found: dict[str, Any], reference: str) -> Any:
    part: Any = found
    for name in reference.removeprefix("#/").split("/"):
        part = part[name]
    return part


def test_each_message_has_a_channel_an_operation_and_its_schema() -> None:
    found = document(MESSAGES, "v1")
    assert found["asyncapi"].startswith("3.")
    assert set(found["channels"]) == set(found["operations"]) == {"update", "update.epoch", "ask"}
    assert found["operations"]["ask"]["action"] == "receive"
    assert found["operations"]["update"]["action"] == "send"
    payload = resolved(found, "#/channels/update/messages/update")["payload"]
    assert resolved(found, payload["$ref"])["properties"]["seq"] == {"type": "integer"}


def test_a_schema_that_is_nested_and_used_twice_appears_once() -> None:
    assert set(document(MESSAGES, "v1")["components"]["schemas"]) == {"Epoch", "Update"}


def test_every_reference_of_the_served_document_leads_somewhere(client: FlaskClient) -> None:
    answer = client.get("/api/v1/asyncapi.json")
    assert answer.status_code == 200
    served = answer.json
    assert served is not None
    assert {"join_training", "joined_training", "training_update", "error_update"} <= set(served["channels"])
    for reference in references(served):
        assert resolved(served, reference)
