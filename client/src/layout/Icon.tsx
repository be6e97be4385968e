const PATHS = {
  train: "M4 19V5M4 19h16M7 15l4-6 3 3 5-7",
  sessions: "M5 6h14M5 12h14M5 18h9",
  models: "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  forecast: "M3 15l5-5 4 3M12 13l9-8M12 13l9-1M12 13l9 6",
  market: "M7 4v3m0 8v4M5 7h4v8H5zM17 3v5m0 7v5M15 8h4v7h-4z",
  system: "M3 12h4l2.5-6 4 12 2.5-6h5",
  sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  moon: "M20 14.5A8.5 8.5 0 119.5 4a7 7 0 0010.500 10.500z",
  more: "M5 12h.01M12 12h.01M19 12h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, className = "size-5" }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      aria-hidden
      className={className}
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 3 : 1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
