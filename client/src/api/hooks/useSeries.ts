import { useQuery } from "@tanstack/react-query";

import { api } from "../fetchClient";
import { keys } from "../keys";

/** Every stored series with its range. */
export function useSeries() {
  return useQuery({ queryKey: keys.series, queryFn: () => api.series(), staleTime: 60_000 });
}
