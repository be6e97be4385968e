import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";

import { api } from "../fetchClient";
import { keys } from "../keys";
import type { StartTraining } from "../types";

/** Start a training. A second attempt at the same body cannot start a second one. */
export function useStartTraining() {
  const queries = useQueryClient();
  const attempt = useRef({ body: "", key: "" });
  return useMutation({
    mutationFn: (body: StartTraining) => {
      const text = JSON.stringify(body);
      if (attempt.current.body !== text) attempt.current = { body: text, key: newKey() };
      return api.startTraining(body, attempt.current.key);
    },
    onSuccess: () => {
      // The next one with the same parameters is meant as a new one.
      attempt.current = { body: "", key: "" };
      return queries.invalidateQueries({ queryKey: keys.running });
    },
  });
}

function newKey(): string {
  // randomUUID is missing on plain http from another machine.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
