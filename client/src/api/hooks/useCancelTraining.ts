import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "../fetchClient";
import { keys } from "../keys";

/** End a session in any state. */
export function useCancelTraining() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (sessionId: string) => api.cancel(sessionId),
    onSuccess: (session) => {
      queries.setQueryData(keys.session(session.session_id), session);
      return queries.invalidateQueries({ queryKey: ["train"] });
    },
  });
}
