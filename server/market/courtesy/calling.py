"""One way to call a source: its bucket, its breaker, and patience between attempts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential_jitter,
)

from server.market.courtesy.breaker import Breaker
from server.market.courtesy.bucket import Bucket
from server.market.sources.contract import (
    NOT_OFFERED,
    RateLimited,
    SourceAnswerUnusable,
    SourceError,
    SourceUnreachable,
)
from server.observability.metrics import SOURCE_CALLS, SOURCE_WAIT

ATTEMPTS = 4
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
PATIENCE_SECONDS = 60.0
"""The longest a call waits at a time, for its turn or because the source asked for it."""

_log = structlog.get_logger(__name__)
_Answer = TypeVar("_Answer")


class Courtesy:
    """Calls one source politely; shared by the threads of a process, agreed on by all processes.

    ``sleep`` takes seconds.
    """

    def __init__(
        self,
        bucket: Bucket,
        breaker: Breaker,
        *,
        attempts: int = ATTEMPTS,
        patience: float = PATIENCE_SECONDS,
        first_pause: float = FIRST_PAUSE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.source = breaker.source
        self.bucket = bucket
        self.breaker = breaker
        self._patience = patience
        self._growing = wait_exponential_jitter(multiplier=first_pause, max=LONGEST_PAUSE, jitter=first_pause)
        self._attempts = Retrying(
            stop=stop_after_attempt(attempts),
            wait=self._pause,
            retry=retry_if_exception(self._is_worth_another),
            sleep=sleep,
            before_sleep=self._tell,
            reraise=True,
        )

    def call(self, ask: Callable[[], _Answer], calls: int = 1) -> _Answer:
        """The answer of ``ask()``, which makes about ``calls`` requests and raises a :class:`SourceError`.

        Tried again after an exponential pause with jitter when the source was not reached or sent
        nonsense, and after the time it names when it asks for patience, up to a number of attempts.
        A refusal is not tried again. Raises what the last attempt raised; :class:`SourcePaused` when
        the breaker is open.
        """
        answer: _Answer = self._attempts(self._attempt, ask, calls)
        return answer

    def close(self) -> None:
        """Close its connections."""
        self.bucket.close()
        self.breaker.close()

    def _attempt(self, ask: Callable[[], _Answer], calls: int) -> _Answer:
        state = self._take_turn(calls)
        try:
            answer = ask()
        except RateLimited as error:
            self._note_limit(error, state)
            raise
        except SourceError as error:
            self._count("failed")
            self._note_failure(error, state)
            raise
        except NOT_OFFERED:
            # An answer all the same: the source is well.
            self.breaker.succeeded(state)
            self._count("answered")
            raise
        self.breaker.succeeded(state)
        self._count("answered")
        return answer

    def _take_turn(self, calls: int) -> str:
        """Wait until the source may be asked; the state of the breaker in which the call passed."""
        try:
            state = self.breaker.admit()
            SOURCE_WAIT.labels(self.source).observe(self.bucket.take(calls, self._patience))
        except SourceError:
            self._count("held_back")
            raise
        return state

    def _count(self, outcome: str) -> None:
        SOURCE_CALLS.labels(self.source, outcome).inc()

    def _note_limit(self, error: RateLimited, state: str) -> None:
        self._count("limited")
        if error.retry_after is None:
            self._note_failure(error, state)
        else:
            self.breaker.wait(error.retry_after, error.message)

    def _note_failure(self, error: SourceError, state: str) -> None:
        if self.breaker.failed(state, error.message):
            _log.warning("source is left alone for a while", source=self.source, reason=error.message)

    def _is_worth_another(self, error: BaseException) -> bool:
        if isinstance(error, RateLimited):
            return error.retry_after is None or error.retry_after <= self._patience
        return isinstance(error, SourceUnreachable | SourceAnswerUnusable)

    def _pause(self, attempt: RetryCallState) -> float:
        growing: float = self._growing(attempt)
        error = attempt.outcome.exception() if attempt.outcome else None
        if isinstance(error, RateLimited) and error.retry_after is not None:
            # A little later than it said, and not all processes in the same instant.
            return error.retry_after + min(growing, 1.0) * 0.1
        return growing

    def _tell(self, attempt: RetryCallState) -> None:
        error = attempt.outcome.exception() if attempt.outcome else None
        pause = attempt.next_action.sleep if attempt.next_action else 0.0
        _log.info("source is asked again", source=self.source, pause=round(pause, 2), reason=str(error))
