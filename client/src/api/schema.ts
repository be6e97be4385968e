// Made by `make client-types`; do not edit.
export interface paths {
    "/api/v1/analytics/atr/{ticker}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ticker: string;
            };
            cookie?: never;
        };
        /** Wilder's average true range. */
        get: {
            parameters: {
                query?: {
                    /** @description Length of a candle */
                    interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    /** @description First open; without it the answer holds the last candles before `end` */
                    start?: string | null;
                    /** @description Opens before this time only */
                    end?: string | null;
                    /** @description Most candles in the answer */
                    limit?: number;
                    /** @description Wilder's smoothing, in candles */
                    period?: number;
                };
                header?: never;
                path: {
                    ticker: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Indicators"];
                    };
                };
                /** @description `If-None-Match` names the present answer */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nothing is stored of this series */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analytics/bollinger/{ticker}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ticker: string;
            };
            cookie?: never;
        };
        /** Bollinger bands. */
        get: {
            parameters: {
                query?: {
                    /** @description Length of a candle */
                    interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    /** @description First open; without it the answer holds the last candles before `end` */
                    start?: string | null;
                    /** @description Opens before this time only */
                    end?: string | null;
                    /** @description Most candles in the answer */
                    limit?: number;
                    /** @description Length of the average, in candles */
                    period?: number;
                    /** @description Half width in standard deviations */
                    deviations?: number;
                };
                header?: never;
                path: {
                    ticker: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Indicators"];
                    };
                };
                /** @description `If-None-Match` names the present answer */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nothing is stored of this series */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analytics/correlation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Correlation of the log returns of two series, at the candles that both have. */
        get: {
            parameters: {
                query: {
                    /** @description Length of a candle */
                    interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    /** @description First open; without it the answer holds the last candles before `end` */
                    start?: string | null;
                    /** @description Opens before this time only */
                    end?: string | null;
                    /** @description Most candles in the answer */
                    limit?: number;
                    /** @description One series */
                    a: string;
                    /** @description The other one */
                    b: string;
                    /** @description Returns in the window, in candles */
                    period?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Correlation"];
                    };
                };
                /** @description `If-None-Match` names the present answer */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nothing is stored of this series */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analytics/indicators/{ticker}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ticker: string;
            };
            cookie?: never;
        };
        /** Many indicators at once, each with its usual parameters. */
        get: {
            parameters: {
                query?: {
                    /** @description Length of a candle */
                    interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    /** @description First open; without it the answer holds the last candles before `end` */
                    start?: string | null;
                    /** @description Opens before this time only */
                    end?: string | null;
                    /** @description Most candles in the answer */
                    limit?: number;
                    /** @description Separated by commas; all of them by default */
                    names?: ("sma" | "ema" | "volatility" | "rsi" | "macd" | "bollinger" | "atr")[];
                };
                header?: never;
                path: {
                    ticker: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Indicators"];
                    };
                };
                /** @description `If-None-Match` names the present answer */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nothing is stored of this series */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analytics/macd/{ticker}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ticker: string;
            };
            cookie?: never;
        };
        /** MACD with its signal line and histogram. */
        get: {
            parameters: {
                query?: {
                    /** @description Length of a candle */
                    interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    /** @description First open; without it the answer holds the last candles before `end` */
                    start?: string | null;
                    /** @description Opens before this time only */
                    end?: string | null;
                    /** @description Most candles in the answer */
                    limit?: number;
                    /** @description The shorter average, in candles */
                    fast?: number;
                    /** @description The longer average, in candles */
                    slow?: number;
                    /** @description The average of their difference, in candles */
                    signal?: number;
                };
                header?: never;
                path: {
                    ticker: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Indicators"];
                    };
                };
                /** @description `If-None-Match` names the present answer */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nothing is stored of this series */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analytics/moving-average/{ticker}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ticker: string;
            };
            cookie?: never;
        };
        /** Simple or exponential moving average of the close. */
        get: {
            parameters: {
                query?: {
                    /** @description Length of a candle */
                    interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    /** @description First open; without it the answer holds the last candles before `end` */
                    start?: string | null;
                    /** @description Opens before this time only */
                    end?: string | null;
                    /** @description Most candles in the answer */
                    limit?: number;
                    /** @description Length of the average, in candles */
                    period?: number;
                    /** @description Simple or exponential */
                    type?: "sma" | "ema";
                };
                header?: never;
                path: {
                    ticker: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Indicators"];
                    };
                };
                /** @description `If-None-Match` names the present answer */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nothing is stored of this series */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analytics/rsi/{ticker}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ticker: string;
            };
            cookie?: never;
        };
        /** Wilder's relative strength index, 0 to 100. */
        get: {
            parameters: {
                query?: {
                    /** @description Length of a candle */
                    interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    /** @description First open; without it the answer holds the last candles before `end` */
                    start?: string | null;
                    /** @description Opens before this time only */
                    end?: string | null;
                    /** @description Most candles in the answer */
                    limit?: number;
                    /** @description Wilder's smoothing, in candles */
                    period?: number;
                };
                header?: never;
                path: {
                    ticker: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Indicators"];
                    };
                };
                /** @description `If-None-Match` names the present answer */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nothing is stored of this series */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/analytics/volatility/{ticker}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ticker: string;
            };
            cookie?: never;
        };
        /** Annualised volatility of log returns; 0.5 is 50 % a year. */
        get: {
            parameters: {
                query?: {
                    /** @description Length of a candle */
                    interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    /** @description First open; without it the answer holds the last candles before `end` */
                    start?: string | null;
                    /** @description Opens before this time only */
                    end?: string | null;
                    /** @description Most candles in the answer */
                    limit?: number;
                    /** @description Returns in the window, in candles */
                    period?: number;
                };
                header?: never;
                path: {
                    ticker: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Indicators"];
                    };
                };
                /** @description `If-None-Match` names the present answer */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nothing is stored of this series */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Database, cache, broker, workers and artifact store. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Health"];
                    };
                };
                /** @description Something critical is down */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Health"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health/cache": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Ask Redis. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Health"];
                    };
                };
                /** @description Something critical is down */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Health"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health/db": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Ask PostgreSQL. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Health"];
                    };
                };
                /** @description Something critical is down */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Health"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health/detailed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every check, with versions, uptime, rate limits and sources of market data. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DetailedHealth"];
                    };
                };
                /** @description Something critical is down */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DetailedHealth"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process answers; nothing else is asked. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Alive"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether requests should be sent here: 503 while something critical is down. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Health"];
                    };
                };
                /** @description Something critical is down */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Health"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/market/backfill": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Fetch the candles of a range that are missing; its progress goes to the room of the series. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["BackfillRequest"];
                };
            };
            responses: {
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MarketJob"];
                    };
                };
                /** @description A job of the series is active already */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/market/candles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Candles of a range, oldest first: the first after `start`, or the last before `end`. */
        get: {
            parameters: {
                query: {
                    /** @description BASE-QUOTE in upper case */
                    ticker: string;
                    /** @description Length of a candle */
                    interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    /** @description First open; without it the answer holds the last candles before `end` */
                    start?: string | null;
                    /** @description Opens before this time only */
                    end?: string | null;
                    /** @description Most candles in the answer */
                    limit?: number;
                    /** @description Coarser interval to sum the candles up to */
                    resample?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d" | null;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Candles"];
                    };
                };
                /** @description `If-None-Match` names the present answer */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nothing is stored of this series */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/market/coins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Coins by market cap, as CoinGecko last listed them, and where they are traded. */
        get: {
            parameters: {
                query?: {
                    /** @description Part of a name, symbol or id, in any case */
                    search?: string | null;
                    /** @description Those only that have a ticker */
                    tradable?: boolean;
                    page?: number;
                    page_size?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Coins"];
                    };
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/market/followed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every followed series: forecast on each closed candle, by the active models. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FollowedList"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/market/followed/{ticker}/{interval}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ticker: string;
                interval: string;
            };
            cookie?: never;
        };
        get?: never;
        /** Follow a series; following it again changes nothing. */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    ticker: string;
                    interval: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FollowedList"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        post?: never;
        /** Follow a series no longer; its candles, models and forecasts stay. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    ticker: string;
                    interval: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description No Content */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It is not followed */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The setting FOLLOW names it */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/market/gaps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Candles that are missing between the first and the last of a series. */
        get: {
            parameters: {
                query: {
                    /** @description BASE-QUOTE in upper case */
                    ticker: string;
                    /** @description Length of a candle */
                    interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["GapReport"];
                    };
                };
                /** @description Nothing is stored of this series */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/market/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Store the candles of a CSV file: the form field `file`, or the body itself as text/csv. */
        post: {
            parameters: {
                query: {
                    /** @description BASE-QUOTE in upper case */
                    ticker: string;
                    /** @description Length of a candle */
                    interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    /** @description Where the numbers come from; kept on every row */
                    source?: string;
                    /** @description Store the sound rows of a file that has bad ones */
                    skip_bad?: boolean;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "multipart/form-data": {
                        /** Format: binary */
                        file?: string;
                    };
                    "text/csv": string;
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ImportReport"];
                    };
                };
                /** @description A row has a fault; `details.report` lists them and nothing is stored */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/market/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last jobs, newest first. */
        get: {
            parameters: {
                query?: {
                    /** @description BASE-QUOTE in upper case */
                    ticker?: string | null;
                    /** @description Length of a candle */
                    interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d" | null;
                    status?: "PENDING" | "IN_PROGRESS" | "COMPLETED" | "FAILED" | "CANCELLED" | null;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Jobs"];
                    };
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/market/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        /** One job. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    job_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MarketJob"];
                    };
                };
                /** @description There is no such job */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        /** End a job after its present page; what it stored stays. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    job_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MarketJob"];
                    };
                };
                /** @description There is no such job */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It has ended already */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/market/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last known price of each ticker that is or was followed. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Prices"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/market/quality": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a series holds and lacks, what stands out in it, and how fresh it is; null: not measured. */
        get: {
            parameters: {
                query: {
                    /** @description BASE-QUOTE in upper case */
                    ticker: string;
                    /** @description Length of a candle */
                    interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Quality"];
                    };
                };
                /** @description `If-None-Match` names the present answer */
                304: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Nothing is stored of this series */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/market/tickers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every series that is stored, with its range. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Tickers"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Models beside the naive forecast, sorted by any metric. */
        get: {
            parameters: {
                query?: {
                    ticker?: string;
                    interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    model_type?: "CNN" | "LSTM" | "CNN-LSTM" | "LSTM-CNN";
                    page?: number;
                    page_size?: number;
                    status?: "candidate" | "active" | "archived";
                    /** @description A metric of the test part or a column, smallest first; with `-` before it largest first. One of mae, rmse, mape, r2, r2_return, mase, directional_accuracy, directional_rows, skill, dm_p_value, coverage_80, mean_width_80, interval_score_80, interval_skill_80, coverage_95, mean_width_95, interval_score_95, interval_skill_95, created_at, activated_at, trained_until, version, lookback, horizon, size_bytes */
                    sort?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Models"];
                    };
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/activations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which model was active since when, newest first. */
        get: {
            parameters: {
                query?: {
                    ticker?: string;
                    interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    model_type?: "CNN" | "LSTM" | "CNN-LSTM" | "LSTM-CNN";
                    page?: number;
                    page_size?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Activations"];
                    };
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{model_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        /** Everything that is known of a model, step by step beside the naive forecast. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    model_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ModelDetails"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        /** Remove a model and its artifact; its forecasts stay. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    model_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description No Content */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It is the active model of its kind */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{model_id}/activate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a model the active one of its kind; an archived one is rolled back to. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    model_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ModelDetails"];
                    };
                };
                /** @description Its artifact is missing or damaged; nothing has changed */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{model_id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        /** The model as one file for `flask models import`. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    model_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/x-tar": string;
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{model_id}/libraries": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        /** The versions of the libraries that a model was trained with. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    model_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Libraries"];
                    };
                };
                /** @description There is no such model, or its artifact is missing */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{model_id}/test-part": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                model_id: string;
            };
            cookie?: never;
        };
        /** Forecasts of the test part beside naive and what happened: the newest, oldest first. */
        get: {
            parameters: {
                query?: {
                    /** @description Candles ahead, from 1 */
                    step?: number;
                    /** @description The newest so many */
                    limit?: number;
                };
                header?: never;
                path: {
                    model_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ScoredPart"];
                    };
                };
                /** @description There is no such model, or it was stored without its test part */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/predict": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Forecast the next closes with their 80 and 95 % bounds, beside the naive forecast. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PredictRequest"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Prediction"];
                    };
                };
                /** @description Nothing is stored of the series, or it has no active model */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description `request_id` belongs to another request */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                /** @description The model's artifact cannot be served */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/predict/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Many forecasts at once; each is answered for itself, in the order asked. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PredictBatch"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Batch"];
                    };
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/predictions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Stored forecasts, newest first. */
        get: {
            parameters: {
                query?: {
                    ticker?: string;
                    interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    model_id?: string;
                    model_type?: "CNN" | "LSTM" | "CNN-LSTM" | "LSTM-CNN";
                    trigger?: "request" | "schedule";
                    live?: boolean;
                    /** @description Whether every step has been scored */
                    settled?: boolean;
                    /** @description First origin */
                    start?: string;
                    /** @description Last origin */
                    end?: string;
                    page?: number;
                    page_size?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Predictions"];
                    };
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/predictions/performance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What live forecasts were worth once the candles were there, beside the naive forecast. */
        get: {
            parameters: {
                query?: {
                    /** @description One or several of model, series and step */
                    group_by?: ("model" | "series" | "step")[];
                    model_id?: string;
                    model_type?: "CNN" | "LSTM" | "CNN-LSTM" | "LSTM-CNN";
                    ticker?: string;
                    interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    /** @description Candles ahead */
                    step?: number;
                    /** @description First open of the candles that were forecast */
                    from?: string;
                    /** @description Opens before this time only */
                    to?: string;
                    /** @description Count forecasts from earlier candles too, even from the model's own data */
                    include_hindcasts?: boolean;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Performance"];
                    };
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/predictions/{request_id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                request_id: string;
            };
            cookie?: never;
        };
        /** One stored forecast, step by step beside what came true. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    request_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["StoredPrediction"];
                    };
                };
                /** @description There is no such forecast */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is done again and again, and how the last run of each ended. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Schedules"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tasks/schedules/{name}/run": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run a schedule now. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ScheduleQueued"];
                    };
                };
                /** @description There is no such schedule */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/train": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The history, newest first unless asked otherwise. */
        get: {
            parameters: {
                query?: {
                    ticker?: string;
                    interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
                    model_type?: "CNN" | "LSTM" | "CNN-LSTM" | "LSTM-CNN";
                    status?: "PENDING" | "IN_PROGRESS" | "COMPLETED" | "FAILED" | "CANCELLED";
                    /** @description Smallest first, with `-` before it largest first; sessions without it last */
                    sort?: "created_at" | "-created_at" | "status" | "-status" | "ticker" | "-ticker" | "model_type" | "-model_type" | "skill" | "-skill" | "seconds" | "-seconds";
                    page?: number;
                    page_size?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["History"];
                    };
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        /** Start a training; a repeated ``Idempotency-Key`` returns the session it made before. */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["StartTraining"];
                };
            };
            responses: {
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TrainingStarted"];
                    };
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/train/running": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sessions that wait or run, and how many may. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Running"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/train/{session_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Cancel a waiting or running session; 409 when it has already ended. */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    session_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/train/{session_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        /** The events with ``seq > after``, in order. */
        get: {
            parameters: {
                query?: {
                    after?: number;
                    limit?: number | null;
                };
                header?: never;
                path: {
                    session_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Events"];
                    };
                };
                422: components["responses"]["UNPROCESSABLE_ENTITY"];
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/train/{session_id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        /** Status, stage, progress, and the metrics beside naive's once it is evaluated. */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    session_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                default: components["responses"]["DEFAULT_ERROR"];
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Activation: {
            activated_at?: string;
            interval?: string;
            model_id?: string;
            model_type?: string;
            previous_model_id?: string | null;
            reason?: string;
            ticker?: string;
        };
        Activations: {
            activations?: components["schemas"]["Activation"][];
            page?: number;
            page_size?: number;
            total?: number;
        };
        Alive: {
            /** @enum {string} */
            status: "ok";
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            timestamp: string;
        };
        Audit: {
            /**
             * Format: date-time
             * @description When it was
             */
            audited_at: string;
            /** @description Flags then */
            flags: number;
            /** @description Candles filled flat then */
            flat: number;
            /** @description Gaps then */
            gaps: number;
            /** @description Candles missing then */
            missing: number;
            /** @description Candles then */
            rows: number;
        };
        BackfillCounts: {
            /** @description Candles that came */
            fetched?: number;
            /** @description Flat candles of volume 0 for short times without trades */
            filled?: number;
            /** @description Gaps that these make */
            gaps?: number;
            /** @description Exchanges that failed before it, in their order */
            left?: components["schemas"]["SourceLeft"][];
            /** @description Candles that stay missing: the source has none */
            missing?: number;
            /** @description Answers of the source */
            pages?: number;
            /** @description The exchange asked last; empty when nothing was missing */
            source?: string;
            /** @description Of these, new or different from what was stored */
            stored?: number;
        };
        BackfillParams: {
            refresh: boolean;
            /**
             * Format: date-time
             * @description First open that is wanted
             */
            since: string;
            /**
             * Format: date-time
             * @description Opens before this time only; null: up to now
             */
            until: string | null;
        };
        BackfillRequest: {
            /**
             * @description Length of a candle
             * @default 1h
             * @example 1h
             * @enum {string}
             */
            interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
            /**
             * @description Ask for stored candles of the source again, and replace what it corrected
             * @default false
             */
            refresh?: boolean;
            /**
             * Format: date-time
             * @description First open that is wanted
             * @example 2020-01-01T00:00:00Z
             */
            since: string;
            /**
             * @description BASE-QUOTE in upper case
             * @example BTC-USD
             */
            ticker: string;
            /**
             * Format: date-time
             * @description Opens before this time only; default: up to now
             * @default null
             */
            until?: string | null;
        };
        Batch: {
            results: components["schemas"]["Item"][];
        };
        Candle: {
            close?: number;
            high?: number;
            low?: number;
            open?: number;
            /**
             * Format: date-time
             * @description Open of the candle, UTC
             * @example 2019-01-01T00:00:00Z
             */
            timestamp?: string;
            /** @description In the source's unit, the base coin as a rule */
            volume?: number;
        };
        Candles: {
            candles?: components["schemas"]["Candle"][];
            /** @description Candles in this answer */
            count?: number;
            /** @description Resampled buckets left out because a finer candle was missing, also at the range's edges */
            incomplete?: number;
            /**
             * @description Length of the candles in this answer
             * @example 1h
             * @enum {string}
             */
            interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
            /**
             * @description BASE-QUOTE in upper case
             * @example BTC-USD
             */
            ticker: string;
        };
        Check: {
            /** @description Whether the server is not ready without it */
            critical: boolean;
            /** @description What the probe learned besides */
            details?: {
                [key: string]: unknown;
            };
            /** @description Why it is down */
            error?: string | null;
            /** @description Time the probe took, milliseconds */
            latency_ms: number;
            /** @enum {string} */
            status: "ok" | "down";
        };
        Coin: {
            coin_id: string;
            market_cap: number | null;
            /** @description Null: no longer among those asked for */
            market_cap_rank: number | null;
            name: string;
            price: number | null;
            /** @description Configured exchanges that trade it */
            sources: string[];
            symbol: string;
            /** @description How to ask for it; null: no configured exchange has it */
            ticker: string | null;
            /**
             * Format: date-time
             * @description When it was last in the list
             */
            updated_at: string;
            volume_24h: number | null;
        };
        Coins: {
            coins: components["schemas"]["Coin"][];
            /** @description This page, from 1 */
            page: number;
            /** @description Coins a page */
            page_size: number;
            /** @description Coins that match in all */
            total: number;
        };
        Comparison: {
            active_id?: string;
            active_rmse?: number | null;
            /** @description Last origin */
            end?: string;
            /** @description Steps that both forecast */
            horizon?: number;
            naive_rmse?: number | null;
            /** @description Diebold-Mariano, two-sided */
            p_value?: number | null;
            rmse?: number | null;
            rows?: number;
            /** @description First origin */
            start?: string;
        };
        Correlation: {
            /** @example BTC-USD */
            a: string;
            /** @example ETH-USD */
            b: string;
            /** @description Candles in this answer */
            count: number;
            /** @enum {string} */
            interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
            /** @description Candles that are missing between the first and the last one that the values are made of, those before the range included */
            missing: number;
            /** @description What the values were computed with */
            parameters: {
                [key: string]: unknown;
            };
            /** @description Opens of the candles, UTC */
            timestamp: string[];
            values: components["schemas"]["CorrelationValues"];
        };
        CorrelationValues: {
            /** @description -1 to 1; null where the past is too short or one of the prices stood still */
            correlation?: (number | null)[];
        };
        Data: {
            end?: string;
            /** @description Windows left out because they span missing candles */
            excluded_origins?: number;
            /** @description SHA-256 over all columns */
            fingerprint?: string;
            /** @description First and last origin of train, validation, calibration and test */
            parts?: {
                [key: string]: unknown;
            };
            rows?: number;
            start?: string;
        };
        DetailedHealth: {
            async_mode: string;
            checks: {
                [key: string]: components["schemas"]["Check"];
            };
            environment: string;
            rate_limits: components["schemas"]["RateLimits"];
            /** @description Sources of market data, as all processes see them; null: Redis is away */
            sources: components["schemas"]["SourceState"][] | null;
            /** @enum {string} */
            status: "ok" | "degraded" | "down";
            /** @description What the stream processes stream; null: Redis is away */
            streams: components["schemas"]["StreamedSeries"][] | null;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            timestamp: string;
            uptime_seconds: number;
            versions: {
                [key: string]: string;
            };
        };
        Error: {
            /** @description What it is about: field, value, remedy, retry_after (seconds), ... */
            details: {
                [key: string]: unknown;
            };
            /**
             * @description Kind of error
             * @example InvalidInput
             */
            error: string;
            /**
             * @description Stable code for programs
             * @example invalid_input
             */
            error_code: string;
            /** @description One sentence for people */
            message: string;
            /** @description As in X-Request-ID and in the server's log */
            request_id: string | null;
        };
        Events: {
            events?: components["schemas"]["TrainingUpdate"][];
            last_seq?: number;
            session_id?: string;
        };
        Failure: {
            details?: {
                [key: string]: unknown;
            };
            error_code: string;
            message: string;
        };
        Figures: {
            /** @description Share of outcomes inside the 80 % interval */
            coverage_80: number | null;
            /** @description 95 % interval (Wilson) over the effective rows */
            coverage_80_interval: number[] | null;
            /** @description Share of outcomes inside the 95 % interval */
            coverage_95: number | null;
            /** @description 95 % interval (Wilson) over the effective rows */
            coverage_95_interval: number[] | null;
            /** @description Share of forecasts on the side to which the price moved */
            directional_accuracy: number | null;
            /** @description 95 % interval (Wilson) over the effective rows */
            directional_accuracy_interval: number[] | null;
            /** @description Rows that took a side */
            directional_rows: number;
            /** @description How many forecasts that do not overlap the rows are worth */
            effective_rows: number | null;
            /** @description Standard errors by which the squared error lies above that of naive */
            excess_loss: number | null;
            /** @description Open of the first candle forecast */
            first: string;
            interval?: string;
            /** @description Winkler score, cumulative log return */
            interval_score_80: number | null;
            /** @description Winkler score, cumulative log return */
            interval_score_95: number | null;
            /** @description Open of the last candle forecast */
            last: string;
            /** @description In quote currency; null over several tickers, as are rmse and skill */
            mae: number | null;
            /** @description Percent of the price */
            mape: number | null;
            /** @description Cumulative log return */
            mean_width_80: number | null;
            /** @description Cumulative log return */
            mean_width_95: number | null;
            model_id?: string;
            model_type?: string;
            model_version?: number;
            /** @description Of the naive forecast (last close) on the same rows */
            naive_mae: number | null;
            /** @description Of the naive forecast on the same rows */
            naive_mape: number | null;
            /** @description Of the naive forecast on the same rows */
            naive_rmse: number | null;
            /** @description Different candles forecast from */
            origins: number;
            /** @description In quote currency */
            rmse: number | null;
            /** @description Scored outcomes */
            rows: number;
            /** @description 1 - RMSE / RMSE of naive */
            skill: number | null;
            step?: number;
            ticker?: string;
        };
        Flag: {
            /** @description The numbers that the value was made of */
            detail: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description When it was flagged
             */
            flagged_at: string;
            /** @enum {string} */
            kind: "jump" | "wick" | "deviates";
            /** @description The kind in words */
            meaning: string;
            /**
             * Format: date-time
             * @description Open of the candle
             */
            timestamp: string;
            /** @description `jump` and `wick`: deviations; `deviates`: relative difference, 0.02 is 2 % */
            value: number;
        };
        FlagCounts: {
            /** @description a second exchange's close is further away than is tolerated */
            deviates: number | null;
            /** @description its close is more than 10 deviations of the 168 steps before from the one before it */
            jump: number | null;
            /** @description its high or low is more than 10 deviations of the 168 steps before from its body */
            wick: number | null;
        };
        Flags: {
            counts: components["schemas"]["FlagCounts"];
            /** @description The last ones, by the candles' time */
            newest: components["schemas"]["Flag"][];
        };
        Followed: {
            /** @description Whether the setting FOLLOW names it; then it cannot be unfollowed here */
            by_setting?: boolean;
            /**
             * @description Length of a candle
             * @example 1h
             * @enum {string}
             */
            interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
            /**
             * Format: date-time
             * @description Open of its newest candle; null when nothing of it is stored
             * @example 2019-01-01T00:00:00Z
             */
            newest?: string | null;
            /**
             * Format: date-time
             * @description When it was followed; null when only the setting names it
             * @example 2019-01-01T00:00:00Z
             */
            since?: string | null;
            /**
             * @description BASE-QUOTE in upper case
             * @example BTC-USD
             */
            ticker: string;
        };
        FollowedList: {
            followed?: components["schemas"]["Followed"][];
        };
        Freshness: {
            /**
             * Format: date-time
             * @description When that candle ended
             */
            closed: string;
            /**
             * Format: date-time
             * @description Open of the newest candle
             */
            newest: string;
            /** @description Candles that have ended since then and are not stored */
            overdue: number;
        };
        Gap: {
            /** @description How many are missing */
            candles?: number;
            /**
             * Format: date-time
             * @description First open that is missing
             * @example 2019-01-01T00:00:00Z
             */
            first?: string;
            /**
             * Format: date-time
             * @description Last open that is missing
             * @example 2019-01-01T00:00:00Z
             */
            last?: string;
        };
        GapReport: {
            /**
             * Format: date-time
             * @description Open of the first candle
             * @example 2019-01-01T00:00:00Z
             */
            first?: string;
            gaps?: components["schemas"]["Gap"][];
            /**
             * @description Length of a candle
             * @example 1h
             * @enum {string}
             */
            interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
            /**
             * Format: date-time
             * @description Open of the last candle
             * @example 2019-01-01T00:00:00Z
             */
            last?: string;
            /** @description Candles missing in all gaps */
            missing?: number;
            /** @description Candles stored */
            rows?: number;
            /**
             * @description BASE-QUOTE in upper case
             * @example BTC-USD
             */
            ticker: string;
        };
        Health: {
            checks: {
                [key: string]: components["schemas"]["Check"];
            };
            /** @enum {string} */
            status: "ok" | "degraded" | "down";
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            timestamp: string;
        };
        History: {
            page?: number;
            page_size?: number;
            sessions?: components["schemas"]["Session"][];
            total?: number;
        };
        ImportReport: {
            /**
             * Format: date-time
             * @description Open of the first candle
             * @example 2019-01-01T00:00:00Z
             */
            first?: string | null;
            /** @description Gaps between first and last */
            gap_count?: number;
            /** @description The first 100 gaps */
            gaps?: components["schemas"]["Gap"][];
            /**
             * @description Length of a candle
             * @example 1h
             * @enum {string}
             */
            interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
            /**
             * Format: date-time
             * @description Open of the last candle
             * @example 2019-01-01T00:00:00Z
             */
            last?: string | null;
            /** @description Candles missing between first and last */
            missing?: number;
            /** @enum {string} */
            order?: "ascending" | "descending" | "mixed";
            /** @description First line that turns back, in a mixed order */
            out_of_order_line?: number | null;
            problem_counts?: {
                [key: string]: number;
            };
            /** @description The first 100 faults, by line */
            problems?: components["schemas"]["Problem"][];
            /** @description Of these, new or different from what was stored */
            rows_changed?: number;
            /** @description Rows in the file, header not counted */
            rows_read?: number;
            /** @description Rows without a fault */
            rows_sound?: number;
            /** @description Candles of the file that are stored now */
            rows_stored?: number;
            source?: string;
            /**
             * @description BASE-QUOTE in upper case
             * @example BTC-USD
             */
            ticker: string;
        };
        IndicatorValues: {
            /** @description Average true range, in the quote currency */
            atr?: (number | null)[];
            /** @description In the quote currency */
            bollinger_lower?: (number | null)[];
            /** @description Simple moving average */
            bollinger_middle?: (number | null)[];
            /** @description In the quote currency */
            bollinger_upper?: (number | null)[];
            /** @description Exponential moving average, in the quote currency */
            ema?: (number | null)[];
            /** @description Fast less slow average, in the quote currency */
            macd?: (number | null)[];
            /** @description macd less its signal */
            macd_histogram?: (number | null)[];
            /** @description Average of macd */
            macd_signal?: (number | null)[];
            /** @description 0 to 100; null too where the price stood still for ten periods */
            rsi?: (number | null)[];
            /** @description Simple moving average, in the quote currency */
            sma?: (number | null)[];
            /** @description Annualised, of log returns: 0.5 is 50 % a year */
            volatility?: (number | null)[];
        };
        Indicators: {
            /** @description Candles in this answer */
            count: number;
            /** @enum {string} */
            interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
            /** @description Candles that are missing between the first and the last one that the values are made of, those before the range included */
            missing: number;
            /** @description What the values were computed with */
            parameters: {
                [key: string]: unknown;
            };
            /** @example BTC-USD */
            ticker: string;
            /** @description Opens of the candles, UTC */
            timestamp: string[];
            values: components["schemas"]["IndicatorValues"];
        };
        Item: {
            error?: {
                [key: string]: unknown;
            };
            ok: boolean;
            prediction?: components["schemas"]["Prediction"];
        };
        JobError: {
            details: {
                [key: string]: unknown;
            };
            error_code: string;
            message: string;
        };
        Jobs: {
            jobs: components["schemas"]["MarketJob"][];
        };
        Libraries: {
            /** @description Version by library */
            libraries?: {
                [key: string]: string;
            };
            model_id?: string;
        };
        MarketJob: {
            cancel_requested: boolean;
            counts: components["schemas"]["BackfillCounts"];
            /**
             * Format: date-time
             * @description When it was asked for
             */
            created_at: string;
            error: components["schemas"]["JobError"] | null;
            /**
             * Format: date-time
             * @description When it ended
             */
            finished_at: string | null;
            /**
             * @description Length of a candle
             * @example 1h
             * @enum {string}
             */
            interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
            job_id: string;
            /** @enum {string} */
            kind: "backfill";
            /** @description Rises with every change; of two messages the higher one counts */
            last_seq: number;
            params: components["schemas"]["BackfillParams"];
            percentage: number;
            /**
             * Format: date-time
             * @description When a worker first took it
             */
            started_at: string | null;
            /** @enum {string} */
            status: "PENDING" | "IN_PROGRESS" | "COMPLETED" | "FAILED" | "CANCELLED";
            /**
             * @description BASE-QUOTE in upper case
             * @example BTC-USD
             */
            ticker: string;
        };
        Model: {
            activated_at?: string | null;
            /** @description The naive forecast */
            baseline: {
                [key: string]: unknown;
            };
            comparison?: components["schemas"]["Comparison"] | null;
            created_at?: string;
            data?: components["schemas"]["Data"];
            /** @description Which live figures are out of band */
            drift?: {
                [key: string]: unknown;
            } | null;
            /** @description Why it cannot be served at present */
            fault?: {
                [key: string]: unknown;
            } | null;
            horizon?: number;
            interval: string;
            lookback?: number;
            metrics: {
                [key: string]: unknown;
            };
            model_id: string;
            model_type: string;
            /** @description Why it has this status */
            reason: string;
            size_bytes?: number;
            /** @description 1 - rmse / rmse of naive; naive's is 0 */
            skill?: number | null;
            /** @enum {string} */
            status: "candidate" | "active" | "archived";
            ticker: string;
            /** @description The last candle of its data */
            trained_until?: string;
            /** @description Counts within ticker, interval and type */
            version: number;
        };
        ModelDetails: {
            activated_at?: string | null;
            /** @description The naive forecast */
            baseline: {
                [key: string]: unknown;
            };
            comparison?: components["schemas"]["Comparison"] | null;
            created_at?: string;
            data?: components["schemas"]["Data"];
            /** @description Which live figures are out of band */
            drift?: {
                [key: string]: unknown;
            } | null;
            /** @description Why it cannot be served at present */
            fault?: {
                [key: string]: unknown;
            } | null;
            /** @description SHA-256 and size by name */
            files?: {
                [key: string]: unknown;
            };
            horizon?: number;
            interval: string;
            lookback?: number;
            metrics: {
                [key: string]: unknown;
            };
            model_id: string;
            model_type: string;
            /** @description Why it has this status */
            reason: string;
            size_bytes?: number;
            /** @description 1 - rmse / rmse of naive; naive's is 0 */
            skill?: number | null;
            spec?: {
                [key: string]: unknown;
            };
            /** @enum {string} */
            status: "candidate" | "active" | "archived";
            ticker: string;
            /** @description The last candle of its data */
            trained_until?: string;
            /** @description Counts within ticker, interval and type */
            version: number;
        };
        Models: {
            models?: components["schemas"]["Model"][];
            page?: number;
            page_size?: number;
            total?: number;
        };
        NaiveStep: {
            predicted_price: number;
            step: number;
            timestamp: string;
        };
        Origin: {
            close: number;
            /** @description Its open, UTC */
            timestamp: string;
        };
        PaginationMetadata: {
            /** @description First available page number. */
            first_page?: number;
            /** @description Last available page number. */
            last_page?: number;
            /** @description Next page number. */
            next_page?: number;
            /** @description Current page number. */
            page?: number;
            /** @description Previous page number. */
            previous_page?: number;
            /** @description Total number of items. */
            total?: number;
            /** @description Total number of pages. */
            total_pages?: number;
        };
        Performance: {
            group_by: string[];
            groups: components["schemas"]["Figures"][];
            include_hindcasts: boolean;
        };
        PredictBatch: {
            /** @description 1 to 100 bodies of POST /predict */
            requests: {
                [key: string]: unknown;
            }[];
        };
        PredictRequest: {
            /**
             * Format: date-time
             * @description Forecast from the last candle that opened at this time or before; default: the newest
             * @default null
             */
            as_of?: string | null;
            /**
             * @description The same as `horizon`, for interval 1d alone
             * @default null
             */
            days?: number | null;
            /**
             * @description Candles ahead; default: as far as the model reaches
             * @default null
             * @example 24
             */
            horizon?: number | null;
            /**
             * @description Candle length
             * @default 1h
             * @enum {string}
             */
            interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
            /**
             * @description This model, whether it is active or not
             * @default null
             */
            model_id?: string | null;
            /**
             * @description The active model of this type; without it and `model_id`, the best active one
             * @default null
             * @enum {string|null}
             */
            model_type?: "CNN" | "LSTM" | "CNN-LSTM" | "LSTM-CNN" | null;
            /**
             * @description Names the forecast and its room, which may be joined beforehand; the same request again gets the stored answer
             * @default null
             * @example 3f0c9b0e-8a4b-4f0e-9d6a-3b1c2d4e5f60
             */
            request_id?: string | null;
            /**
             * Format: date-time
             * @description The same as `as_of`
             * @default null
             */
            start_date?: string | null;
            /**
             * @description What to forecast, as BASE-QUOTE
             * @example BTC-USD
             */
            ticker: string;
        };
        Prediction: {
            baseline: components["schemas"]["NaiveStep"][];
            generated_at: string;
            interval: string;
            /** @description The last event so far in the room of this request */
            last_seq: number;
            model: components["schemas"]["ServedModel"];
            model_id: string;
            origin: components["schemas"]["Origin"];
            predictions: components["schemas"]["Step"][];
            request_id: string;
            ticker: string;
            warnings: components["schemas"]["Warning"][];
        };
        Predictions: {
            page?: number;
            page_size?: number;
            predictions?: components["schemas"]["Stored"][];
            total?: number;
        };
        Price: {
            price: number;
            source: string;
            /**
             * @description BASE-QUOTE in upper case
             * @example BTC-USD
             */
            ticker: string;
            /**
             * Format: date-time
             * @description The source's own time
             */
            timestamp: string;
        };
        Prices: {
            prices: components["schemas"]["Price"][];
        };
        Problem: {
            /**
             * @description Column it is in
             * @example high
             */
            field?: string;
            /**
             * @example high_below_low
             * @enum {string}
             */
            kind?: "wrong_field_count" | "bad_time" | "off_grid" | "bad_number" | "price_not_positive" | "negative_volume" | "high_below_low" | "outside_range" | "unfinished" | "duplicate";
            /**
             * @description Line of the file, from 1
             * @example 17
             */
            line?: number;
            /** @description The kind in words */
            meaning?: string;
            /**
             * @description The text in the file
             * @example 41.5
             */
            value?: string;
        };
        Progress: {
            epoch?: number;
            eta_seconds?: number | null;
            percentage?: number;
            total_epochs?: number;
        };
        Quality: {
            /** @description Null before the first */
            audit: components["schemas"]["Audit"] | null;
            /** @description Null: never compared */
            comparison: components["schemas"]["SecondSource"] | null;
            flags: components["schemas"]["Flags"];
            /** @description Candles filled flat for short times without trades */
            flat: number;
            freshness: components["schemas"]["Freshness"];
            /** @description Gaps between the first and the last */
            gaps: number;
            /** @enum {string} */
            interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
            /** @description Candles missing in them */
            missing: number;
            /** @description Candles stored */
            rows: number;
            /** @description The largest share first */
            sources: components["schemas"]["SourceShare"][];
            /**
             * @description BASE-QUOTE in upper case
             * @example BTC-USD
             */
            ticker: string;
        };
        RateLimits: {
            enabled: boolean;
            /** @description By what is limited; `default` counts for each other endpoint */
            limits: {
                [key: string]: string;
            };
        };
        Running: {
            count?: number;
            max_sessions?: number;
            sessions?: components["schemas"]["Session"][];
        };
        Schedule: {
            does: string;
            last_run: components["schemas"]["ScheduleRun"] | null;
            name: string;
            when: string;
        };
        ScheduleQueued: {
            name: string;
        };
        ScheduleRun: {
            error: components["schemas"]["JobError"] | null;
            /**
             * Format: date-time
             * @description When it ended
             */
            finished_at: string | null;
            /** @description What it did, by schedule */
            result: {
                [key: string]: unknown;
            } | null;
            /**
             * Format: date-time
             * @description When it began
             */
            started_at: string;
            /** @enum {string} */
            status: "IN_PROGRESS" | "COMPLETED" | "FAILED";
        };
        Schedules: {
            schedules: components["schemas"]["Schedule"][];
        };
        ScoredPart: {
            /** @description What happened */
            actual?: number[];
            horizon?: number;
            interval?: string;
            /** @description Lower bound at 80 %, as it was scored */
            lower_80?: number[];
            /** @description Lower bound at 95 % */
            lower_95?: number[];
            model_id?: string;
            /** @description The last close seen */
            naive?: number[];
            /** @description Open of the last candle seen */
            origin?: string[];
            /** @description The forecast */
            predicted?: number[];
            rows?: number;
            step?: number;
            ticker?: string;
            /** @description Open of the candle whose close was forecast */
            timestamp?: string[];
            /** @description Upper bound at 80 % */
            upper_80?: number[];
            /** @description Upper bound at 95 % */
            upper_95?: number[];
        };
        SecondSource: {
            /** @description Candles above it */
            beyond: number;
            /** @description Candles that both have */
            candles: number;
            /**
             * Format: date-time
             * @description When it was
             */
            compared_at: string;
            /**
             * Format: date-time
             * @description Open of the first of them
             */
            first: string;
            /** @description Largest relative difference */
            largest: number;
            /**
             * Format: date-time
             * @description Open of the last of them
             */
            last: string;
            /** @description Median relative difference, 0.01 is 1 % */
            median: number;
            /** @description The second exchange, and its market where named */
            source: string;
            /** @description Above which a candle was flagged */
            tolerance: number;
        };
        Series: {
            /**
             * Format: date-time
             * @description Open of the first candle
             * @example 2019-01-01T00:00:00Z
             */
            first?: string;
            /**
             * @description Length of a candle
             * @example 1h
             * @enum {string}
             */
            interval: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
            /**
             * Format: date-time
             * @description Open of the last candle
             * @example 2019-01-01T00:00:00Z
             */
            last?: string;
            /** @description Candles stored */
            rows?: number;
            /** @description Where they come from */
            sources?: string[];
            /**
             * @description BASE-QUOTE in upper case
             * @example BTC-USD
             */
            ticker: string;
        };
        ServedModel: {
            coverage_80: number | null;
            coverage_95: number | null;
            horizon: number;
            /** @enum {string} */
            model_type: "CNN" | "LSTM" | "CNN-LSTM" | "LSTM-CNN";
            /** @description 1 - RMSE / RMSE of naive */
            skill: number | null;
            /** @enum {string} */
            status: "candidate" | "active" | "archived";
            /** @description Open of the last candle of its data */
            trained_until: string;
            version: number;
        };
        Session: {
            attempt?: number;
            /** @description The naive forecast, same rows */
            baseline?: {
                [key: string]: unknown;
            } | null;
            created_at?: string;
            error?: components["schemas"]["Failure"] | null;
            finished_at?: string | null;
            interval: string;
            last_seq: number;
            /** @description On the test part, scored once */
            metrics?: {
                [key: string]: unknown;
            } | null;
            model_id?: string | null;
            model_type: string;
            params?: {
                [key: string]: unknown;
            };
            progress?: components["schemas"]["Progress"];
            queue_position?: number | null;
            room: string;
            session_id: string;
            /** @enum {string|null} */
            stage?: "data_fetching" | "preprocessing" | "feature_engineering" | "model_building" | "training" | "evaluating" | "exporting" | null;
            started_at?: string | null;
            /** @enum {string} */
            status: "PENDING" | "IN_PROGRESS" | "COMPLETED" | "FAILED" | "CANCELLED";
            ticker: string;
        };
        SourceLeft: {
            error_code: string;
            /** @description Candles that it had sent */
            fetched: number;
            /** @description What it said */
            message: string;
            source: string;
        };
        SourceShare: {
            /** @description Candles of it */
            rows: number;
            /** @description Of all candles of the series, 0 to 1 */
            share: number;
            /** @description As rows are marked; `:flat` ends that of filled ones */
            source: string;
        };
        SourceState: {
            /** @description Seconds its clock is ahead of that of the machine which asked it last */
            clock_ahead: number | null;
            /** @description Seconds since 1970 */
            failed_at: number | null;
            /** @description In a row */
            failures: number;
            /** @description Of the last failure */
            reason: string | null;
            /** @description Seconds it is left alone still */
            retry_after: number;
            source: string;
            /** @enum {string} */
            state: "closed" | "waiting" | "half_open" | "open";
            /** @description Seconds since 1970 */
            succeeded_at: number | null;
        };
        StartTraining: {
            /**
             * @description Windows per step
             * @default 32
             */
            batch_size?: number;
            /**
             * Format: date-time
             * @description Last candle; default: the last one stored
             * @default null
             */
            end_date?: string | null;
            /** @description Passes over the training part, at most */
            epochs: number;
            /**
             * @description Candles ahead that are forecast, all at once
             * @default 1
             */
            horizon?: number;
            /**
             * @description Candle length
             * @default 1h
             * @example 1h
             * @enum {string}
             */
            interval?: "1m" | "5m" | "15m" | "30m" | "1h" | "4h" | "1d";
            /**
             * @description Adam's learning rate
             * @default 0.001
             */
            learning_rate?: number;
            /**
             * @description Candles that a forecast sees
             * @default 30
             */
            lookback?: number;
            /**
             * @description The network
             * @example LSTM
             * @enum {string}
             */
            model_type: "CNN" | "LSTM" | "CNN-LSTM" | "LSTM-CNN";
            /**
             * @description Epochs without a better validation loss after which training stops; none: never
             * @default null
             */
            patience?: number | null;
            /**
             * @description Same seed, same weights; none: drawn
             * @default null
             */
            seed?: number | null;
            /**
             * Format: date-time
             * @description First candle; default: the first one stored
             * @default null
             */
            start_date?: string | null;
            /**
             * @description What to forecast, as BASE-QUOTE
             * @example BTC-USD
             */
            ticker: string;
        };
        Step: {
            /** @description Share of calibration outcomes on the forecast's side of the last close */
            confidence_score: number | null;
            lower_80: number;
            lower_95: number;
            predicted_price: number;
            step: number;
            /** @description Open of the candle whose close is forecast, UTC */
            timestamp: string;
            upper_80: number;
            upper_95: number;
        };
        Stored: {
            generated_at: string;
            horizon: number;
            interval: string;
            last_seq: number;
            /** @description Made from the newest candle, after the model's own data: counts as live performance */
            live: boolean;
            model_id: string;
            model_type: string;
            model_version: number;
            origin: components["schemas"]["Origin"];
            request_id: string;
            /** @description Steps whose candle is stored and scored */
            settled_steps: number;
            ticker: string;
            /** @enum {string} */
            trigger: "request" | "schedule";
            warnings: components["schemas"]["Warning"][];
        };
        StoredPrediction: {
            baseline: components["schemas"]["NaiveStep"][];
            generated_at: string;
            horizon: number;
            interval: string;
            last_seq: number;
            /** @description Made from the newest candle, after the model's own data: counts as live performance */
            live: boolean;
            model_id: string;
            model_type: string;
            model_version: number;
            origin: components["schemas"]["Origin"];
            predictions: components["schemas"]["StoredStep"][];
            request_id: string;
            /** @description Steps whose candle is stored and scored */
            settled_steps: number;
            ticker: string;
            /** @enum {string} */
            trigger: "request" | "schedule";
            warnings: components["schemas"]["Warning"][];
        };
        StoredStep: {
            actual: number | null;
            /** @description Share of calibration outcomes on the forecast's side of the last close */
            confidence_score: number | null;
            /** @description predicted_price - actual */
            error: number | null;
            lower_80: number;
            lower_95: number;
            predicted_price: number;
            step: number;
            /** @description Open of the candle whose close is forecast, UTC */
            timestamp: string;
            upper_80: number;
            upper_95: number;
        };
        StreamedSeries: {
            interval: string;
            /** @description The source that is asked first */
            preferred: string;
            /** @description Why it is not live */
            reason: string | null;
            source: string | null;
            /**
             * @description From the preferred source, from another, from a failing line, from none
             * @enum {string}
             */
            state: "live" | "fallback" | "failing" | "waiting";
            ticker: string;
        };
        Tickers: {
            tickers?: components["schemas"]["Series"][];
        };
        TrainingStarted: {
            /** @description The last event so far; join with after=last_seq */
            last_seq?: number;
            queue_position?: number | null;
            /**
             * @description The Socket.IO room of its updates
             * @example training_3f0c9b0e8a4b4f0e9d6a3b1c2d4e5f60
             */
            room?: string;
            /**
             * @description Names the session from here on
             * @example 3f0c9b0e8a4b4f0e9d6a3b1c2d4e5f60
             */
            session_id?: string;
            /** @enum {string} */
            status?: "PENDING" | "IN_PROGRESS" | "COMPLETED" | "FAILED" | "CANCELLED";
        };
        TrainingUpdate: {
            /** @description Depends on the type */
            data: {
                [key: string]: unknown;
            };
            /** @description Percent, 0 to 100 */
            progress: number;
            /** @description From 1, by 1, no hole, no repeat */
            seq: number;
            session_id: string;
            /** @enum {string|null} */
            stage: "data_fetching" | "preprocessing" | "feature_engineering" | "model_building" | "training" | "evaluating" | "exporting" | null;
            timestamp: string;
            /** @enum {string} */
            type: "queued" | "started" | "stage" | "epoch" | "evaluated" | "completed" | "failed" | "cancelled" | "requeued";
        };
        Warning: {
            code: string;
            message: string;
        } & {
            [key: string]: unknown;
        };
    };
    responses: {
        /** @description Default error response */
        DEFAULT_ERROR: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Unprocessable Entity */
        UNPROCESSABLE_ENTITY: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
