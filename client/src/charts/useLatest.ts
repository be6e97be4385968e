import { type RefObject, useLayoutEffect, useRef } from "react";

/** What was given last, for a chart's callbacks, which outlive the drawing that made them. */
export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  useLayoutEffect(() => {
    latest.current = value;
  });
  return latest;
}
