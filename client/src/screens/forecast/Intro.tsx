import { Dismissible } from "@/components/Dismissible";

export function Intro() {
  return (
    <Dismissible name="forecast">
      The shaded fan is where the price is expected: 8 of 10 times inside the dark band, 19 of 20 inside the
      light one. The dashed line is the naive forecast, the price as it is; a model is worth something where
      it comes closer than that. Below stands what earlier forecasts were worth once the candles were there.
    </Dismissible>
  );
}
