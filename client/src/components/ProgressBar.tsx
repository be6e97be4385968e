interface ProgressBarProps {
  /** 0 to 100. */
  value: number;
  label: string;
  quiet?: boolean;
}

export function ProgressBar({ value, label, quiet = false }: ProgressBarProps) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuenow={Math.round(value)}
      aria-valuemin={0}
      aria-valuemax={100}
      className="h-2 overflow-hidden rounded-full bg-sunken"
    >
      <div
        className={`h-full rounded-full transition-[width] duration-300 ${quiet ? "bg-line-strong" : "bg-accent"}`}
        style={{ width: `${value}%` }}
      />
    </div>
  );
}
