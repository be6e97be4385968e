"""Write the server's OpenAPI and AsyncAPI documents for the dashboard: ``make client-types``.

The dashboard's types are generated from these two files, so that client and server cannot drift.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Flask

from server.app import create_app
from server.config import Settings
from server.extension_config import API_PREFIX

CLIENT = Path(__file__).resolve().parent.parent / "client"
DOCUMENTS = ("openapi.json", "asyncapi.json")
# Nothing is connected to: the documents are known from the code alone.
NOWHERE = Settings(
    app_env="test",
    secret_key="for two documents",  # noqa: S106 - it signs nothing
    database_url="postgresql://nobody@127.0.0.1:1/none",
    redis_url="redis://127.0.0.1:1/0",
    async_mode="threading",
    rate_limit_enabled=False,
)


def documents(app: Flask) -> dict[str, str]:
    """The text of each document by its file name, keys sorted."""
    client = app.test_client()
    return {name: _text(client.get(f"{API_PREFIX}/{name}").get_json()) for name in DOCUMENTS}


def _text(document: Any) -> str:
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, text in documents(create_app(NOWHERE)).items():
        (CLIENT / name).write_text(text)
