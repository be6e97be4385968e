export interface Item {
  label: string;
  colour: string;
  dashed?: boolean | undefined;
  /** A filled area instead of a line. */
  area?: boolean | undefined;
}

/** What the lines and areas of a chart mean: told apart by their strokes, not by colour alone. */
export function Legend({ items }: { items: readonly Item[] }) {
  return (
    <ul className="mb-1.5 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
      {items.map(({ label, colour, dashed, area }) => (
        <li key={label} className="flex items-center gap-1.5">
          <svg viewBox="0 0 20 10" className="h-2.5 w-5" aria-hidden>
            {area ? (
              <rect width="20" height="10" rx="2" fill={`var(--${colour})`} />
            ) : (
              <path
                d="M0 5h20"
                stroke={`var(--${colour})`}
                strokeWidth="2.5"
                strokeDasharray={dashed ? "5 3" : ""}
              />
            )}
          </svg>
          {label}
        </li>
      ))}
    </ul>
  );
}
