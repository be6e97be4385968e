import { useMakeForecast } from "@/api/hooks/useMakeForecast";
import type { SeriesName } from "@/api/predictionsApi";
import { Button } from "@/components/Button";
import { ErrorState } from "@/components/States";

interface MakeForecastProps {
  series: SeriesName;
  modelId: string | null;
  onMade: () => void;
}

/** Ask for a forecast from the newest candle. */
export function MakeForecast({ series, modelId, onMade }: MakeForecastProps) {
  const make = useMakeForecast();
  const ask = () =>
    make.mutate({ ...series, ...(modelId === null ? {} : { model_id: modelId }) }, { onSuccess: onMade });
  return (
    <div className="flex flex-col items-start gap-2">
      <Button kind="primary" busy={make.isPending} onClick={ask}>
        Forecast now
      </Button>
      {make.isError && <ErrorState error={make.error} />}
    </div>
  );
}
