"""The dashboard's types fit the server that it speaks to."""

from __future__ import annotations

from flask import Flask

from docs.client_types import CLIENT, documents


def test_the_documents_that_the_types_are_made_from_are_the_servers(app: Flask) -> None:
    for name, text in documents(app).items():
        assert (CLIENT / name).read_text() == text, f"client/{name} is old: run `make client-types`"
