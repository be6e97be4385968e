import { useEffect, useRef, useState } from "react";

/** `value`, but changing at most once in `everyMs`: so that a screen reader is not talked over. */
export function useThrottled(value: string, everyMs: number): string {
  const [said, setSaid] = useState(value);
  const last = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, last.current + everyMs - Date.now());
    const timer = setTimeout(() => {
      last.current = Date.now();
      setSaid(value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value, everyMs]);
  return said;
}
