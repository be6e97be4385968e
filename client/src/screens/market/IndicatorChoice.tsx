import { classes } from "@/components/classes";
import { WithTip } from "@/components/Hint";

import { INDICATORS, type IndicatorName } from "./indicators";

interface IndicatorChoiceProps {
  chosen: readonly IndicatorName[];
  onChange: (chosen: IndicatorName[]) => void;
}

/** Which indicators are drawn. */
export function IndicatorChoice({ chosen, onChange }: IndicatorChoiceProps) {
  return (
    <div role="group" aria-label="Indicators" className="flex flex-wrap gap-1.5">
      {INDICATORS.map(({ name, label, explained }) => {
        const on = chosen.includes(name);
        return (
          <WithTip key={name} tip={explained}>
            <button
              type="button"
              aria-pressed={on}
              onClick={() => onChange(on ? chosen.filter((each) => each !== name) : [...chosen, name])}
              className={classes(
                "min-h-8 rounded-full border px-3 text-[13px] transition-colors max-md:min-h-11",
                on
                  ? "border-accent bg-accent-soft font-medium text-accent"
                  : "border-line text-muted hover:border-line-strong hover:text-ink",
              )}
            >
              {on && <span aria-hidden>✓ </span>}
              {label}
            </button>
          </WithTip>
        );
      })}
    </div>
  );
}
