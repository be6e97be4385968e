import { INTERVALS } from "@/api/intervals";
import { Field, Input, Select } from "@/components/Field";

// As the server has it.
const TICKER = /^[A-Z0-9]{1,15}-[A-Z0-9]{1,15}$/;

export const isTicker = (text: string): boolean => TICKER.test(text);

interface SeriesFieldsProps {
  /** Told apart from another form's on the same page. */
  labels: readonly [ticker: string, interval: string];
  ticker: string;
  interval: string;
  /** It was tried, so that a ticker that is no ticker is a fault. */
  asked: boolean;
  onTicker: (ticker: string) => void;
  onInterval: (interval: string) => void;
}

/** Which series is meant, one that is not stored yet as well. */
export function SeriesFields({ labels, ticker, interval, asked, onTicker, onInterval }: SeriesFieldsProps) {
  const wrong = asked && !isTicker(ticker) ? "Write BASE-QUOTE, like BTC-USD." : undefined;
  return (
    <>
      <Field label={labels[0]} error={wrong}>
        {(tied) => (
          <Input
            {...tied}
            value={ticker}
            placeholder="BTC-USD"
            autoCapitalize="characters"
            onChange={(event) => onTicker(event.target.value.toUpperCase())}
          />
        )}
      </Field>
      <Field label={labels[1]}>
        {(tied) => (
          <Select {...tied} value={interval} onChange={(event) => onInterval(event.target.value)}>
            {INTERVALS.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </Select>
        )}
      </Field>
    </>
  );
}
