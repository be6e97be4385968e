"""Copies on this machine of what models are served from, where the artifact store is far away."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import structlog

from server.errors import Conflict, NotFound, Unavailable
from server.forecasters.artifacts import Artifact, ArtifactStore
from server.forecasters.manifest import ArtifactDamaged, contents_of
from server.forecasters.serving import ONNX_FILE

log = structlog.get_logger(__name__)


def serving_store(artifacts: ArtifactStore, folder: str, most: int) -> ArtifactStore:
    """``artifacts`` itself when it is a local disk or there is no ``folder``, else copies of it there."""
    if not folder or artifacts.url.startswith("file:") or "://" not in artifacts.url:
        return artifacts
    return LocalCopies(Path(folder), artifacts, most)


class LocalCopies(ArtifactStore):
    """Manifests and networks of ``origin``, copied on first use, at most ``most`` of them.

    A copy is verified like an artifact each time it is opened, and fetched again when it is not whole.
    It stays readable while ``origin`` does not answer.
    """

    def __init__(self, folder: Path, origin: ArtifactStore, most: int) -> None:
        super().__init__(folder.absolute().as_uri())
        self._models = folder.absolute() / "models"
        self._origin = origin
        self._most = most

    def open(self, model_id: str, verify: Collection[str] | None = None) -> Artifact:
        """The copy, made now if there is none. Raises as :meth:`ArtifactStore.open` of the origin does."""
        try:
            return super().open(model_id)
        except NotFound:
            pass
        except ArtifactDamaged as error:
            log.warning("model.copy_damaged", model_id=model_id, error=error.message)
            with suppress(Unavailable, NotFound):
                self.delete(model_id)
        except Unavailable as error:
            log.warning("model.copy_unreadable", model_id=model_id, error=error.message)
        return self._fetch(model_id)

    def _fetch(self, model_id: str) -> Artifact:
        artifact = self._origin.open(model_id, verify=())
        network = artifact.read(ONNX_FILE)
        try:
            self.write(model_id, {ONNX_FILE: network}, contents_of(artifact.manifest))
            self._drop_oldest()
            return super().open(model_id)
        except (Conflict, NotFound) as error:
            log.info("model.copied_by_another_process", model_id=model_id, error=error.message)
        except Unavailable as error:
            log.warning("model.not_copied", model_id=model_id, error=error.message)
        return artifact

    def _drop_oldest(self) -> None:
        with self._answering():
            copies = [
                (path.stat().st_mtime, path.name) for path in self._models.iterdir() if path.name[0] != "."
            ]
        for _, model_id in sorted(copies)[: -self._most]:
            self.delete(model_id)
