import { useMutation, useQueryClient } from "@tanstack/react-query";

import { keys } from "../keys";
import { modelsApi } from "../modelsApi";

/** Make a model the active one of its kind. */
export function useActivateModel() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (modelId: string) => modelsApi.activate(modelId),
    onSuccess: (model) => {
      queries.setQueryData(keys.model(model.model_id), model);
      return queries.invalidateQueries({ queryKey: ["models"] });
    },
  });
}
