/** What stands where the server says null: never a zero. */
export const NOTHING = "–";

type Maybe = number | null | undefined;

const formats = new Map<number, Intl.NumberFormat>();

/** Making a format costs a hundred times what using it does. */
function grouped(digits: number): Intl.NumberFormat {
  const found =
    formats.get(digits) ??
    new Intl.NumberFormat("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits });
  formats.set(digits, found);
  return found;
}

const WHOLE = grouped(0);
const CENTS = grouped(2);
const known = (value: Maybe): value is number => typeof value === "number" && Number.isFinite(value);

/** A count with thousands separators: 23,456. */
export function count(value: Maybe): string {
  return known(value) ? WHOLE.format(value) : NOTHING;
}

/** An amount of the quote currency, as precise as its size deserves: 10,376.12 USD, 0.003412 USD. */
export function price(value: Maybe, currency?: string): string {
  if (!known(value)) return NOTHING;
  const size = Math.abs(value);
  const text = (value < 0 ? "−" : "") + (size >= 1 || size === 0 ? CENTS.format(size) : small(size));
  return currency ? `${text} ${currency}` : text;
}

/** Four digits that matter, written out: nobody reads a price with an exponent. */
function small(size: number): string {
  return size.toFixed(Math.min(100, 3 - Math.floor(Math.log10(size))));
}

/** A price for an axis: without the cents where they say nothing. */
export function axisPrice(value: Maybe): string {
  if (!known(value) || (Math.abs(value) < 100 && value !== 0)) return price(value);
  return (value < 0 ? "−" : "") + WHOLE.format(Math.abs(value));
}

/** A fraction as percent: 0.8091 is "80.9 %". */
export function percent(fraction: Maybe, digits = 1): string {
  return known(fraction) ? `${grouped(digits).format(fraction * 100)} %` : NOTHING;
}

/** A fraction as percent with its sign: "+1.3 %", "−2.0 %". */
export function signedPercent(fraction: Maybe, digits = 2): string {
  if (!known(fraction)) return NOTHING;
  const text = grouped(digits).format(Math.abs(fraction) * 100);
  const sign = fraction > 0 ? "+" : fraction < 0 ? "−" : "";
  return `${Number(text) === 0 ? "" : sign}${text} %`;
}

/** Digits that matter, for losses and other numbers without a unit: 0.004213, 1.27e-5. */
export function significant(value: Maybe, digits = 4): string {
  if (!known(value)) return NOTHING;
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-4 || size >= 1e7) ? size.toExponential(digits - 2) : size.toPrecision(digits);
  return value < 0 ? `−${text}` : text;
}

/** A number for an axis: the same digits, without zeros at their end. */
export function brief(value: Maybe, digits = 3): string {
  if (!known(value)) return NOTHING;
  const text = significant(value, digits);
  return text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text;
}

/** A p-value as people write it: 0.21, or "< 0.001". */
export function pValue(value: Maybe): string {
  if (!known(value)) return NOTHING;
  return value < 0.001 ? "< 0.001" : value.toFixed(value < 0.1 ? 3 : 2);
}

/** The quote currency of a ticker: USD of BTC-USD. */
export function quoteOf(ticker: string): string {
  return ticker.split("-")[1] ?? "";
}
