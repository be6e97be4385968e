import { useMutation, useQueryClient } from "@tanstack/react-query";

import { modelsApi } from "../modelsApi";

/** Remove a model and its artifact. */
export function useDeleteModel() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (modelId: string) => modelsApi.remove(modelId),
    // What is shown of the model itself stays until the page is left.
    onSuccess: () => queries.invalidateQueries({ queryKey: ["models", "list"] }),
  });
}
