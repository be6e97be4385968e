import { useState } from "react";

import { ApiError } from "@/api/failure";
import type { Series } from "@/api/types";

import { onStored } from "./firstSeries";
import { check, type Draft, type Errors, type FieldName, FIRST_DRAFT } from "./parameters";

const KEY = "train.draft";

/** The form's state: what is typed, and what is wrong with it, found here or by the server. */
export function useDraft(given: Draft | null, stored: readonly Series[]) {
  const [draft, setDraft] = useState<Draft>(() => onStored(given ?? remembered() ?? FIRST_DRAFT, stored));
  const [refused, setRefused] = useState<Errors>({});
  const [asked, setAsked] = useState(false);
  const errors = { ...(asked ? check(draft) : onlyTyped(draft)), ...refused };

  return {
    draft,
    errors,
    change: (changed: Partial<Draft>) => {
      // Another ticker may not have candles of the chosen length.
      const next = onStored({ ...draft, ...changed }, stored);
      setDraft(next);
      remember(next);
      // What the server said of a field is answered by changing it.
      setRefused((before) => without(before, Object.keys(changed) as FieldName[]));
    },
    /** Whether it can be sent; shows every fault from here on. */
    ready: (): boolean => {
      setAsked(true);
      return Object.keys(check(draft)).length === 0;
    },
    /** Puts the server's words at their fields. */
    refuse: (error: unknown) => {
      if (error instanceof ApiError) setRefused(fieldErrors(error));
    },
  };
}

/** The server's errors by field; too few candles belong to the dates that chose them. */
export function fieldErrors(error: ApiError): Errors {
  if (error.code === "too_few_candles") return { end_date: error.message };
  return Object.fromEntries(
    error.fields.filter(({ field }) => field in FIRST_DRAFT).map(({ field, remedy }) => [field, remedy]),
  );
}

/** While typing, only what is there is judged: an empty field is no fault yet. */
function onlyTyped(draft: Draft): Errors {
  const found = check(draft);
  return without(
    found,
    (Object.keys(found) as FieldName[]).filter((name) => draft[name] === ""),
  );
}

function without(errors: Errors, names: readonly FieldName[]): Errors {
  return Object.fromEntries(Object.entries(errors).filter(([name]) => !names.includes(name as FieldName)));
}

function remembered(): Draft | null {
  try {
    const text = sessionStorage.getItem(KEY);
    return text ? { ...FIRST_DRAFT, ...(JSON.parse(text) as Draft) } : null;
  } catch {
    return null;
  }
}

function remember(draft: Draft): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(draft));
  } catch {
    // Without storage a reload begins anew.
  }
}
