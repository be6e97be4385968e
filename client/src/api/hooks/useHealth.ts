import { useQuery } from "@tanstack/react-query";

import { keys } from "../keys";
import { systemApi } from "../systemApi";

const EVERY_MS = 5000;

/** How each part of the product is, asked again and again; a server that is away as well. */
export function useHealth() {
  return useQuery({
    queryKey: keys.health,
    queryFn: () => systemApi.health(),
    refetchInterval: EVERY_MS,
    retry: false,
  });
}
