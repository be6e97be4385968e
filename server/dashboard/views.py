"""The dashboard at ``/``: one page for all of its addresses, and the files that it loads."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template, request, send_file
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import PathConverter

from server.dashboard import files

blueprint = Blueprint("dashboard", __name__, template_folder="templates")

# Their names hold a hash of their content: what is cached under one never changes.
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
# Nothing in the page is inline, nothing comes from elsewhere; live updates need the socket of this host.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self' {sockets}; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "object-src 'none'; frame-ancestors 'none'"
)


class ClientPath(PathConverter):
    """Any path that is not the API's, a probe's or the sockets': those answer for themselves, 404 too."""

    regex = r"(?!(?:api|health|metrics|socket\.io|static|assets)(?:/|$))[^/].*?"


@blueprint.record_once
def _register_converter(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["client"] = ClientPath
    state.add_url_rule("/", "page", page)
    state.add_url_rule("/<client:path>", "page", page)


@blueprint.get("/assets/<path:name>")
def asset(name: str) -> Response:
    """A file of the build, compressed where the browser takes it."""
    return _send(f"assets/{name}", _FOR_EVER) or abort(404)


def page(path: str = files.PAGE) -> Response | tuple[str, int, dict[str, str]]:
    """A file beside the page, or the page itself, which knows its own addresses."""
    if not files.is_built(_folder()):
        return _not_built()
    if (found := _send(path, _ASK_AGAIN)) is not None:
        return found
    # A program that mistyped an address is told so; a browser gets the page.
    if not request.accept_mimetypes.quality("text/html"):
        abort(404)
    return _send(files.PAGE, _ASK_AGAIN) or abort(404)


def _folder() -> Path:
    return Path(current_app.config.get("DASHBOARD_FOLDER", files.BUILT))


def _not_built() -> tuple[str, int, dict[str, str]]:
    return render_template("not_built.html"), 503, {"Cache-Control": "no-store", "Retry-After": "5"}


def _send(name: str, caching: str) -> Response | None:
    accepted = {each for each, _ in files.ENCODINGS if request.accept_encodings.quality(each)}
    found = files.find(_folder(), name, accepted)
    if found is None:
        return None
    kind, _ = mimetypes.guess_type(name)
    response: Response = send_file(found.path, mimetype=kind or "application/octet-stream", conditional=True)
    headers: dict[str, Any] = {"Cache-Control": caching, "Content-Security-Policy": _policy()}
    if found.encoding:
        headers["Content-Encoding"] = found.encoding
    if found.varies:
        headers["Vary"] = "Accept-Encoding"
    response.headers.update(headers)
    return response


def _policy() -> str:
    # Some browsers do not count a socket of the same host as 'self'.
    return _POLICY.format(sockets=f"ws://{request.host} wss://{request.host}")
