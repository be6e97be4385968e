"""Headers that tell a browser how little it may do with an answer."""

from __future__ import annotations

from flask import Flask, Response, request

_POLICY = "default-src 'self'; base-uri 'self'; object-src 'none'; frame-ancestors 'none'"
# Swagger UI styles its elements in place and draws its icons from data URLs.
_DOCS_POLICY = f"{_POLICY}; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
_DOCS_ENDPOINT = "api-docs.openapi_swagger_ui"

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def bind(app: Flask) -> None:
    """Send the headers on every answer."""
    app.after_request(_protect)


def _protect(response: Response) -> Response:
    policy = _DOCS_POLICY if request.endpoint == _DOCS_ENDPOINT else _POLICY
    response.headers.setdefault("Content-Security-Policy", policy)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    return response
