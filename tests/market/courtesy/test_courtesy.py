"""Buckets and breakers through a real Valkey, between processes too."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from redis import Redis
from redis.exceptions import RedisError

from server.config import PROJECT_ROOT, Settings
from server.market.courtesy.breaker import CLOSED, HALF_OPEN, OPEN, WAITING, Breaker, source_states
from server.market.courtesy.bucket import Bucket
from server.market.courtesy.calling import Courtesy
from server.market.sources.contract import (
    MarketUnknown,
    RateLimited,
    SourceAnswerUnusable,
    SourceError,
    SourcePaused,
    SourceRefused,
    SourceUnreachable,
)

PAUSE = 60.0


@pytest.fixture
def url(settings: Settings) -> str:
    address = settings.redis_database(1)
    with Redis.from_url(address) as redis:
        redis.flushdb()
    return address


@pytest.fixture
def breaker(url: str) -> Iterator[Breaker]:
    with closing(Breaker(url, "kraken", pause=PAUSE)) as made:
        yield made


@pytest.fixture
def slept() -> list[float]:
    """The pauses that a courtesy made, instead of making them."""
    return []


@pytest.fixture
def courtesy(url: str, slept: list[float]) -> Iterator[Courtesy]:
    bucket, breaker = Bucket(url, "kraken", "1000 per second"), Breaker(url, "kraken")
    with closing(Courtesy(bucket, breaker, patience=10.0, sleep=slept.append)) as made:
        yield made


def unreachable() -> SourceUnreachable:
    return SourceUnreachable("no answer", source="kraken")


def answers(*outcomes: object) -> Callable[[], object]:
    """A question whose calls end with ``outcomes``, in turn."""
    left = list(outcomes)

    def ask() -> object:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return ask


def trip(breaker: Breaker) -> None:
    for _ in range(5):
        breaker.failed(breaker.admit(), "no answer")


def test_a_bucket_lets_no_more_calls_pass_than_its_rate(url: str) -> None:
    with closing(Bucket(url, "kraken", "5 per second")) as bucket:
        started = time.monotonic()
        for _ in range(11):
            bucket.take(1, patience=10)
        assert 2.0 <= time.monotonic() - started < 4.0


def test_a_bucket_says_at_once_when_waiting_would_take_too_long(url: str) -> None:
    with closing(Bucket(url, "kraken", "1 per minute")) as bucket:
        bucket.take(1, patience=1)
        started = time.monotonic()
        with pytest.raises(RateLimited, match="asked as often as is polite") as caught:
            bucket.take(1, patience=1)
        assert time.monotonic() - started < 0.5
        assert caught.value.retry_after is not None
        assert 50 < caught.value.retry_after < 75


def test_a_question_of_many_calls_takes_as_many(url: str) -> None:
    with closing(Bucket(url, "kraken", "10 per minute")) as bucket:
        bucket.take(7, patience=0)
        assert bucket.remaining() == 3
        with pytest.raises(RateLimited):
            bucket.take(7, patience=0)
        bucket.take(3, patience=0)


def test_buckets_of_two_sources_do_not_share(url: str) -> None:
    for name in ("kraken", "binance"):
        with closing(Bucket(url, name, "1 per minute")) as bucket:
            bucket.take(1, patience=0)


CALLER = """
import json, sys, time
from server.market.courtesy.bucket import Bucket
bucket = Bucket(sys.argv[1], "kraken", "10 per second")
taken = []
end = time.monotonic() + 3
while time.monotonic() < end:
    bucket.take(1, patience=10)
    taken.append(time.time())
print(json.dumps(taken))
"""


def run(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True)


def test_two_processes_share_one_bucket(url: str) -> None:
    processes = [run(CALLER, url) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    by_process = [json.loads(output) for output in outputs]
    taken = sorted(moment for each in by_process for moment in each)
    assert all(by_process), "one of them never had its turn"
    # A clock that is read just after the call was counted: a window may look a moment shorter.
    assert all(later - first > 0.9 for first, later in zip(taken, taken[10:], strict=False))


FAILING = """
import sys
from server.market.courtesy.breaker import Breaker
breaker = Breaker(sys.argv[1], "kraken", pause=300.0)
for _ in range(int(sys.argv[2])):
    breaker.failed(breaker.admit(), "no answer")
"""


def test_two_processes_share_one_breaker(url: str) -> None:
    for failures in ("3", "2"):
        with run(FAILING, url, failures) as process:
            process.communicate(timeout=60)
        assert process.returncode == 0
    with closing(Breaker(url, "kraken")) as breaker, pytest.raises(SourcePaused) as caught:
        breaker.admit()
    assert 290 < caught.value.retry_after <= 300


def test_a_breaker_opens_after_five_failures_in_a_row_and_not_before(breaker: Breaker) -> None:
    for _ in range(4):
        assert not breaker.failed(breaker.admit(), "no answer")
    breaker.succeeded(breaker.admit())
    for _ in range(4):
        assert not breaker.failed(breaker.admit(), "no answer")
    assert breaker.failed(breaker.admit(), "no answer")
    with pytest.raises(SourcePaused, match="kraken failed too often"):
        breaker.admit()


def let_the_pause_pass(url: str) -> None:
    """As if it had: a busy machine makes a short one end too early, and a long one takes long."""
    with Redis.from_url(url) as redis:
        redis.hset("crypto_predict:source:kraken", "open_until", str(time.time() - 1.0))


def test_a_half_open_breaker_lets_one_call_pass_of_many_that_try(url: str, breaker: Breaker) -> None:
    trip(breaker)
    let_the_pause_pass(url)
    passed: list[str] = []
    barrier = threading.Barrier(8)

    def attempt() -> None:
        with closing(Breaker(url, "kraken")) as mine:
            barrier.wait()
            try:
                passed.append(mine.admit())
            except SourcePaused:
                passed.append("refused")

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [HALF_OPEN] + ["refused"] * 7


def test_the_call_that_passes_decides(url: str, breaker: Breaker) -> None:
    trip(breaker)
    let_the_pause_pass(url)
    assert breaker.failed(breaker.admit(), "still no answer"), "one failure is enough now"
    with pytest.raises(SourcePaused):
        breaker.admit()
    let_the_pause_pass(url)
    breaker.succeeded(breaker.admit())
    assert breaker.admit() == breaker.admit() == CLOSED


def test_an_answer_to_a_call_from_before_does_not_close_an_open_breaker(breaker: Breaker) -> None:
    early = breaker.admit()
    trip(breaker)
    breaker.succeeded(early)
    with pytest.raises(SourcePaused):
        breaker.admit()


def test_the_state_of_every_source_can_be_read(url: str, breaker: Breaker) -> None:
    with closing(Breaker(url, "binance")) as other:
        other.succeeded(other.admit())
        other.wait(60, "429")
    trip(breaker)
    kraken, binance, coinbase = source_states(url, ["kraken", "binance", "coinbase"])
    assert (kraken.state, kraken.failures, kraken.reason) == (OPEN, 5, "no answer")
    assert 0 < kraken.retry_after <= PAUSE
    assert kraken.failed_at == pytest.approx(time.time(), abs=5)
    assert (binance.state, binance.failures) == (WAITING, 0)
    assert binance.succeeded_at == pytest.approx(time.time(), abs=5)
    assert (coinbase.state, coinbase.failures, coinbase.reason) == (CLOSED, 0, None)
    let_the_pause_pass(url)
    assert breaker.state().state == HALF_OPEN


def test_passing_troubles_are_tried_again_with_growing_pauses(courtesy: Courtesy, slept: list[float]) -> None:
    nonsense = SourceAnswerUnusable("nonsense", source="kraken")
    assert courtesy.call(answers(unreachable(), nonsense, unreachable(), "answer")) == "answer"
    assert slept == sorted(slept)
    assert 0.5 <= slept[0] <= 1.0
    assert 2.0 <= slept[2] <= 2.5
    assert courtesy.breaker.state().failures == 0


def test_the_fourth_failure_is_the_callers(courtesy: Courtesy) -> None:
    last = SourceUnreachable("the last", source="kraken")
    with pytest.raises(SourceUnreachable, match="the last"):
        courtesy.call(answers(unreachable(), unreachable(), unreachable(), last))


@pytest.mark.parametrize(
    "error",
    [SourceRefused("401", source="kraken", status=401), MarketUnknown("no such coin", source="kraken")],
)
def test_a_refusal_is_not_tried_again(courtesy: Courtesy, slept: list[float], error: SourceError) -> None:
    with pytest.raises(type(error)):
        courtesy.call(answers(error, "never asked"))
    assert not slept


def test_an_unknown_market_is_no_failure_of_the_source(courtesy: Courtesy) -> None:
    for _ in range(6):
        with pytest.raises(MarketUnknown):
            courtesy.call(answers(MarketUnknown("no such coin", source="kraken")))
    assert courtesy.breaker.state().state == CLOSED


def test_a_source_that_asks_for_patience_is_left_alone_by_everybody(
    url: str, courtesy: Courtesy, slept: list[float]
) -> None:
    limited = RateLimited("429", source="kraken", retry_after=600)
    with pytest.raises(RateLimited):
        courtesy.call(answers(limited, "never asked"))
    assert not slept, "ten minutes are more than it is ready to wait"
    with closing(Breaker(url, "kraken")) as elsewhere, pytest.raises(RateLimited) as caught:
        elsewhere.admit()
    assert caught.value.retry_after is not None
    assert 590 < caught.value.retry_after <= 600
    assert courtesy.breaker.state().failures == 0


def test_retry_after_is_waited_in_full(url: str) -> None:
    bucket, breaker = Bucket(url, "kraken", "1000 per second"), Breaker(url, "kraken")
    with closing(Courtesy(bucket, breaker, first_pause=0.01)) as courtesy:
        started = time.monotonic()
        assert (
            courtesy.call(answers(RateLimited("429", source="kraken", retry_after=0.5), "answer")) == "answer"
        )
        assert time.monotonic() - started >= 0.5


def test_a_limit_that_nobody_can_count_is_not_passed_over() -> None:
    nowhere = "redis://127.0.0.1:1/1"
    courtesy = Courtesy(Bucket(nowhere, "kraken", "1 per second"), Breaker(nowhere, "kraken"))
    with pytest.raises(RedisError):
        courtesy.call(answers("never asked"))
