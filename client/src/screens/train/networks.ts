import type { ModelType } from "@/api/types";

/** Each network in a line, for somebody who meets it for the first time. */
export const NETWORKS: readonly { type: ModelType; explained: string }[] = [
  {
    type: "LSTM",
    explained: "Reads candle by candle and keeps a memory. Slower; can use what happened long before.",
  },
  { type: "CNN", explained: "Slides short filters over the candles. Quick; sees local patterns." },
  { type: "CNN-LSTM", explained: "Filters first, then a memory over what they found." },
  { type: "LSTM-CNN", explained: "A memory first, then filters over its states." },
];
