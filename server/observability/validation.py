"""What a request sends, read strictly; what is wrong with it, named field by field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import marshmallow
from flask import Flask, Request, request
from flask_smorest import Blueprint
from webargs.flaskparser import is_json_request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from server.errors import InvalidInput, ServerError

# A body of fields is small; the limit of the settings is that of an uploaded file.
JSON_BODY_BYTES = 1024 * 1024
_LONGEST_ECHO = 200
_SECRET_FIELD = re.compile(r"password|secret|token|api_?key", re.IGNORECASE)
_LOCATIONS = ("json", "query", "querystring", "form", "headers", "cookies", "files", "path", "view_args")


class MalformedRequest(ServerError):
    """The request cannot even be read."""

    error_code = "malformed_request"
    http_status = 400


class WholeRequest(Request):
    """A request whose body arrives whole or is refused."""

    def get_data(self, *args: Any, **kwargs: Any) -> Any:
        """The body. Of one sent without its length werkzeug would return the first part in silence."""
        data = super().get_data(*args, **kwargs)
        limit = self.max_content_length
        if self.content_length is None and limit is not None and len(data) >= limit:
            raise RequestEntityTooLarge
        return data


def bind(app: Flask) -> None:
    """Read arguments strictly in every view that declares them."""
    parser = Blueprint.ARGUMENTS_PARSER
    parser.location_loader("json")(_load_json)
    # A misspelt query parameter that is ignored looks like a filter that does not work.
    parser.DEFAULT_UNKNOWN_BY_LOCATION = {
        **parser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": marshmallow.RAISE,
        "querystring": marshmallow.RAISE,
    }
    app.before_request(_refuse_nul)


def invalid_fields(
    messages: Mapping[str, Any], cause: marshmallow.ValidationError | None = None
) -> InvalidInput:
    """The error that names each wrong field, its value and the remedy.

    ``messages`` are webargs' (location, then field, then sentences or further fields); ``cause`` knows the
    mapping that was read.
    """
    source = cause.data if isinstance(cause, marshmallow.ValidationError) else None
    errors = [
        {"field": field or "body", "value": _echo(field, source), "remedy": " ".join(sentences)}
        for field, sentences in _flatten(_without_location(messages))
    ]
    sentence = "; ".join(f"{each['field']}: {each['remedy']}" for each in errors)
    first = errors[0] if errors else {}
    return InvalidInput(sentence or "The request is not valid", **first, errors=errors)


def _load_json(req: Request, _schema: marshmallow.Schema) -> Any:
    if not is_json_request(req):
        if req.content_length or req.mimetype:
            raise UnsupportedMediaType("Send the body as JSON with Content-Type: application/json")
        return marshmallow.missing
    req.max_content_length = min(JSON_BODY_BYTES, req.max_content_length or JSON_BODY_BYTES)
    try:
        body = req.get_data(cache=True).decode("utf-8")
        parsed = json.loads(body, parse_constant=_refuse_constant)
        # Escaped halves of characters and NUL pass as JSON, but nothing behind can store them.
        json.dumps(parsed, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise MalformedRequest("The body is nested too deeply: send a flat JSON object") from error
    except ValueError as error:
        raise MalformedRequest(f"The body is not valid JSON ({_describe(error)}): correct it") from error
    if "\\u0000" in body:
        raise MalformedRequest("The body holds the character NUL: remove it")
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _describe(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeError):
        return "not valid UTF-8"
    return str(error)


def _refuse_nul() -> None:
    if "\x00" in request.path or "%00" in request.query_string.decode("latin-1"):
        raise MalformedRequest("The address holds the character NUL: remove it")


def _without_location(messages: Mapping[str, Any]) -> Any:
    if len(messages) == 1:
        (location, inner), *_ = messages.items()
        if location in _LOCATIONS:
            return inner
    return messages


def _flatten(messages: Any, prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            path = prefix if name == "_schema" else f"{prefix}.{name}" if prefix else str(name)
            yield from _flatten(inner, path)
    elif isinstance(messages, list):
        yield prefix, [str(each) for each in messages]
    else:
        yield prefix, [str(messages)]


def _echo(field: str, source: Any) -> Any:
    """The value that was sent for ``field``, shortened; None when it was not sent or is a secret."""
    if not field or _SECRET_FIELD.search(field):
        return None
    value = source
    for name in field.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)[:_LONGEST_ECHO]
