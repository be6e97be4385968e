import { useMutation, useQueryClient } from "@tanstack/react-query";

import { type ImportRequest, marketApi } from "../marketApi";

/** Store the candles of a file; all that is shown of the market is old then. */
export function useImport() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (wanted: ImportRequest) => marketApi.importFile(wanted),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["market"] }),
  });
}
