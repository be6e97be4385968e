"""CoinGecko: which coins there are, what they are worth together, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from coingecko_sdk import (
    APIConnectionError,
    APIResponseValidationError,
    APIStatusError,
    Coingecko,
    NotFoundError,
    Omit,
)

from server.market.courtesy.calling import Courtesy
from server.market.sources.contract import (
    CoinListing,
    CoinMetadata,
    MarketUnknown,
    RateLimited,
    SourceAnswerUnusable,
    SourceError,
    SourceRefused,
    SourceUnreachable,
)
from server.market.sources.transport import LIMITING, PASSING, Heading

NAME = "coingecko"
HOST = "api.coingecko.com"
KEY_HEADER = "x-cg-demo-api-key"
PAGE_ROWS = 250

_Answer = TypeVar("_Answer")


class CoinGeckoSource:
    """The public or the demo plan, which ``api_key`` unlocks. Thread safe.

    ``base_url``: a gateway that serves ``api.coingecko.com`` beneath it; "": the real one.
    """

    name = NAME

    def __init__(
        self, courtesy: Courtesy, *, base_url: str = "", api_key: str = "", timeout: float = 10.0
    ) -> None:
        base = f"{base_url.rstrip('/')}/{HOST}" if base_url else f"https://{HOST}"
        self._courtesy = courtesy
        # Without a key the client wants to be told that it was not forgotten.
        self._headers: dict[str, str | Omit] = {} if api_key else {KEY_HEADER: Omit()}
        self._client = Coingecko(
            demo_api_key=api_key or None,
            environment="demo",
            base_url=f"{base}/api/v3",
            timeout=timeout,
            # Patience is the courtesy's, which all processes share.
            max_retries=0,
        )

    def fetch_coins(self, page: int = 1, rows: int = PAGE_ROWS) -> list[CoinListing]:
        """One page of the coins by market cap, the largest first; fewer than ``rows`` on the last page."""
        order: Literal["market_cap_desc"] = "market_cap_desc"
        markets = self._client.coins.markets
        return self._call(
            lambda: [
                _listing(each)
                for each in markets.get(
                    vs_currency="usd", order=order, per_page=rows, page=page, extra_headers=self._headers
                )
            ]
        )

    def fetch_coin(self, coin_id: str) -> CoinMetadata:
        """What is known of a coin. Raises :class:`MarketUnknown` when there is none of that id."""
        return self._call(lambda: self._metadata(coin_id))

    def close(self) -> None:
        """Close its connections."""
        self._client.close()
        self._courtesy.close()

    def _metadata(self, coin_id: str) -> CoinMetadata:
        unwanted = ("localization", "tickers", "market_data", "community_data", "developer_data")
        without: dict[str, Any] = dict.fromkeys(unwanted, False)
        try:
            return _metadata(self._client.coins.get_id(coin_id, **without, extra_headers=self._headers))
        except NotFoundError as error:
            # Here, not after the call: an answer all the same, which speaks against the caller's id alone.
            raise MarketUnknown(f"{NAME} knows no coin {coin_id!r}", source=NAME, coin=coin_id) from error

    def _call(self, question: Callable[[], _Answer]) -> _Answer:
        return self._courtesy.call(lambda: _ask(question))


def _ask(question: Callable[[], _Answer]) -> _Answer:
    try:
        return question()
    except APIStatusError as error:
        raise _status_error(error) from error
    except APIConnectionError as error:
        raise SourceUnreachable(f"{NAME} was not reached: {error}", source=NAME) from error
    except (APIResponseValidationError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise SourceAnswerUnusable(f"{NAME} sent what cannot be used: {error}", source=NAME) from error


def _status_error(error: APIStatusError) -> SourceError:
    status = error.status_code
    reason = f"{status} {error.message}"[:300]
    if status in LIMITING:
        retry_after = Heading(status, error.response.headers).retry_after
        return RateLimited(
            f"{NAME} asks for fewer calls: {reason}", source=NAME, retry_after=retry_after, status=status
        )
    if status < 500 and status not in PASSING:
        return SourceRefused(f"{NAME} refuses: {reason}", source=NAME, status=status)
    return SourceUnreachable(f"{NAME} was not reached: {reason}", source=NAME, status=status)


def _listing(item: Any) -> CoinListing:
    return CoinListing(
        coin_id=_text(item.id),
        symbol=_text(item.symbol).upper(),
        name=_text(item.name),
        price=_amount(item.current_price),
        market_cap=_amount(item.market_cap),
        market_cap_rank=None if item.market_cap_rank is None else int(item.market_cap_rank),
        volume_24h=_amount(item.total_volume),
        circulating_supply=_amount(item.circulating_supply),
    )


def _metadata(coin: Any) -> CoinMetadata:
    described = coin.description.get("en") if isinstance(coin.description, dict) else coin.description.en
    homepages = [each for each in (coin.links.homepage if coin.links else None) or [] if each]
    return CoinMetadata(
        coin_id=_text(coin.id),
        symbol=_text(coin.symbol).upper(),
        name=_text(coin.name),
        categories=[str(each) for each in coin.categories or []],
        description=described or "",
        homepage=homepages[0] if homepages else None,
        genesis_date=None if coin.genesis_date is None else str(coin.genesis_date),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is no name")
    return value


def _amount(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ValueError(f"{value!r} is no amount")
    return float(value)
