"""Redis or Valkey: reachable, and set up for a broker, which must forget no task."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from server.config import Settings
from server.operations.checks.database import skew
from server.operations.findings import Check, Finding, ok, problem, warning

SHARE_USED = 0.8


def redis(settings: Settings) -> Iterator[Finding]:
    """Version, memory, eviction and persistence."""
    with Redis.from_url(settings.redis_url, socket_timeout=3, socket_connect_timeout=3) as client:
        info: Mapping[str, Any] = client.info()
        asked = time.time()
        seconds, microseconds = client.time()
        answered = time.time()
        saves = _snapshots(client)
    name = (
        f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {info['redis_version']}"
    )
    yield ok("redis", f"{name} answers")
    yield _memory(info)
    yield _persistence(info, saves)
    yield skew("Redis", seconds + microseconds / 1e6, asked, answered)


def _snapshots(client: Redis) -> str:
    """When snapshots are taken; managed servers do not say, and save as their provider set it."""
    try:
        return str(client.config_get("save").get("save", ""))
    except ResponseError:
        return "as its provider set it"


def _memory(info: Mapping[str, Any]) -> Finding:
    most, used, policy = info["maxmemory"], info["used_memory"], info["maxmemory_policy"]
    # A queue has no end of its own, so what takes only what has one (answers, counts) never takes a task.
    if most and policy != "noeviction" and not policy.startswith("volatile-"):
        return problem(
            "redis memory",
            f"maxmemory-policy is {policy}: when memory is short, queued tasks are thrown away unseen",
            "Set maxmemory-policy noeviction, or volatile-lru",
        )
    if most and used > most * SHARE_USED:
        return warning(
            "redis memory",
            f"{used:,} of {most:,} bytes are used; at the limit no task can be queued",
            "Raise maxmemory, or see what fills it: redis-cli --bigkeys",
        )
    return ok("redis memory", f"{used:,} bytes used, " + (f"of {most:,}" if most else "without a limit"))


def _persistence(info: Mapping[str, Any], saves: str) -> Finding:
    if info.get("rdb_last_bgsave_status") == "err" or info.get("aof_last_write_status") == "err":
        return problem(
            "redis persistence",
            "The last save failed: see Redis's log",
            "Free disk space, or repair its folder",
        )
    if info.get("aof_enabled") or saves:
        return ok("redis persistence", "AOF is on" if info.get("aof_enabled") else f"snapshots: {saves}")
    return warning(
        "redis persistence",
        "Nothing is saved: a restart forgets queued tasks, which are sent again only once missed",
        "Set appendonly yes",
    )


CHECKS: dict[str, Check] = {"redis": redis}
