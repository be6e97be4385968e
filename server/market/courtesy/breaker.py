"""Leaves a failing source alone, in all processes at once: the state is kept in Redis, by Redis's clock.

Closed: calls pass. After ``failures`` of them failed in a row it opens for ``pause`` seconds: none
pass. Then it is half open: one call passes and decides, wherever it is made. Beside that a source can
ask for patience itself (``Retry-After``): until then none pass either, and no failure is counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis
from redis.exceptions import RedisError

from server.errors import Unavailable
from server.market.sources.contract import RateLimited, SourcePaused

PREFIX = "crypto_predict:source"
FAILURES = 5
PAUSE_SECONDS = 300.0
PROBE_SECONDS = 60.0
"""A half-open breaker lets the next call pass when the one it let pass has not reported for so long, or
for a whole pause."""
MEMORY_SECONDS = 86_400
"""Failures further apart do not add up."""
TIMEOUTS = {"socket_connect_timeout": 2, "socket_timeout": 2}

CLOSED, OPEN, HALF_OPEN, WAITING = "closed", "open", "half_open", "waiting"

_NOW = """
    local clock = redis.call('TIME')
    local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
    local function number(name) return tonumber(redis.call('HGET', KEYS[1], name) or '0') end
"""
_ADMIT = (
    _NOW
    + """
    local waits = number('waits_until') - now
    if waits > 0 then return {'waiting', tostring(waits)} end
    local opened = number('open_until')
    if opened == 0 then return {'closed', '0'} end
    if opened > now then return {'open', tostring(opened - now)} end
    local probe = number('probe_until') - now
    if probe > 0 then return {'open', tostring(probe)} end
    redis.call('HSET', KEYS[1], 'probe_until', tostring(now + tonumber(ARGV[1])))
    return {'half_open', '0'}
"""
)
# A call that was let pass before the breaker opened does not close it.
_SUCCEED = (
    _NOW
    + """
    if number('open_until') > 0 and ARGV[1] ~= 'half_open' then return 0 end
    redis.call('HDEL', KEYS[1], 'failures', 'open_until', 'probe_until')
    redis.call('HSET', KEYS[1], 'succeeded_at', tostring(now))
    redis.call('EXPIRE', KEYS[1], ARGV[2])
    return 1
"""
)
_FAIL = (
    _NOW
    + """
    redis.call('HSET', KEYS[1], 'failed_at', tostring(now), 'reason', ARGV[1])
    redis.call('EXPIRE', KEYS[1], ARGV[5])
    local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
    local opened = number('open_until')
    if ARGV[2] == 'half_open' or (opened == 0 and failures >= tonumber(ARGV[3])) then
        redis.call('HSET', KEYS[1], 'open_until', tostring(now + tonumber(ARGV[4])))
        redis.call('HDEL', KEYS[1], 'probe_until')
        return 1
    end
    return 0
"""
)
_WAIT = (
    _NOW
    + """
    local till = now + tonumber(ARGV[1])
    if till > number('waits_until') then redis.call('HSET', KEYS[1], 'waits_until', tostring(till)) end
    redis.call('HSET', KEYS[1], 'failed_at', tostring(now), 'reason', ARGV[2])
    redis.call('HDEL', KEYS[1], 'probe_until')
    redis.call('EXPIRE', KEYS[1], math.max(tonumber(ARGV[3]), math.ceil(tonumber(ARGV[1]))))
    return 1
"""
)


class CourtesyUnknown(Unavailable):
    """Redis is away, which counts the calls: nobody knows whether a source may be asked, so none is."""

    error_code = "courtesy_unknown"

    def __init__(self, reason: RedisError) -> None:
        super().__init__(f"No source is asked while Redis, which counts the calls, does not answer: {reason}")


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source is doing: ``state`` is ``closed``, ``open``, ``half_open`` or ``waiting``.

    ``retry_after`` are the seconds until a call may pass; the times are seconds (UTC) by Redis's clock.
    ``clock_ahead`` is how many seconds the source's own clock was ahead of that of the machine which
    asked it last; None before.
    """

    source: str
    state: str
    failures: int
    retry_after: float
    reason: str | None
    failed_at: float | None
    succeeded_at: float | None
    clock_ahead: float | None


class Breaker:
    """The breaker of one source; thread safe. Raises ``redis.exceptions.RedisError`` when Redis is down."""

    def __init__(
        self, redis_url: str, source: str, *, failures: int = FAILURES, pause: float = PAUSE_SECONDS
    ) -> None:
        self.source = source
        self._failures = failures
        self._pause = pause
        self._redis = Redis.from_url(redis_url, **TIMEOUTS)
        self._key = _key(source)
        self._admit = self._redis.register_script(_ADMIT)
        self._succeed = self._redis.register_script(_SUCCEED)
        self._fail = self._redis.register_script(_FAIL)
        self._wait = self._redis.register_script(_WAIT)

    def admit(self) -> str:
        """Let one call pass, and name the state it passed in, to be told with its outcome.

        Raises :class:`SourcePaused` when none may pass, :class:`RateLimited` while the source asked for
        patience.
        """
        answer = cast("list[bytes]", self._admit(keys=[self._key], args=[min(PROBE_SECONDS, self._pause)]))
        state, seconds = answer[0].decode(), float(answer[1])
        if state == OPEN:
            raise SourcePaused(
                f"{self.source} failed too often and is left alone for {seconds:.0f} s more",
                source=self.source,
                retry_after=seconds,
            )
        if state == WAITING:
            raise RateLimited(
                f"{self.source} asked not to be called for {seconds:.1f} s more",
                source=self.source,
                retry_after=seconds,
            )
        return state

    def succeeded(self, state: str) -> None:
        """The call that passed in ``state`` was answered."""
        self._succeed(keys=[self._key], args=[state, MEMORY_SECONDS])

    def failed(self, state: str, reason: str) -> bool:
        """The call that passed in ``state`` failed; whether the breaker opened by it."""
        limits = (self._failures, self._pause, MEMORY_SECONDS)
        return bool(self._fail(keys=[self._key], args=[reason, state, *limits]))

    def wait(self, seconds: float, reason: str) -> None:
        """The source asked not to be called for ``seconds``."""
        self._wait(keys=[self._key], args=[seconds, reason, MEMORY_SECONDS])

    def note_clock(self, ahead: float) -> None:
        """The source's clock is so many seconds ahead of this machine's."""
        self._redis.hset(self._key, "clock_ahead", str(ahead))
        self._redis.expire(self._key, MEMORY_SECONDS)

    def state(self) -> SourceState:
        """How the source is doing."""
        return _state(self._redis, self.source)

    def close(self) -> None:
        """Close its connections."""
        self._redis.close()


def source_states(redis_url: str, sources: Iterable[str]) -> list[SourceState]:
    """How each source is doing, as all processes see it."""
    with Redis.from_url(redis_url, **TIMEOUTS) as redis:
        return [_state(redis, source) for source in sources]


def _state(redis: Redis, source: str) -> SourceState:
    seconds, microseconds = redis.time()
    now = seconds + microseconds / 1e6
    found = cast("dict[bytes, bytes]", redis.hgetall(_key(source)))
    values: dict[str, Any] = {name.decode(): value.decode() for name, value in found.items()}
    opened, waits = (float(values.get(name, 0)) for name in ("open_until", "waits_until"))
    state = CLOSED
    if waits > now:
        state = WAITING
    elif opened:
        state = OPEN if opened > now else HALF_OPEN
    return SourceState(
        source=source,
        state=state,
        failures=int(values.get("failures", 0)),
        retry_after=max(0.0, opened - now, waits - now),
        reason=values.get("reason"),
        failed_at=float(values["failed_at"]) if "failed_at" in values else None,
        succeeded_at=float(values["succeeded_at"]) if "succeeded_at" in values else None,
        clock_ahead=float(values["clock_ahead"]) if "clock_ahead" in values else None,
    )


def _key(source: str) -> str:
    return f"{PREFIX}:{source}"
