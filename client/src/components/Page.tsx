import { type ReactNode, useEffect } from "react";

interface PageProps {
  title: string;
  /** What stands in the browser's tab, when it is not the title. */
  tab?: string;
  intro?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A screen: its heading, the browser tab's title, and room between its parts. */
export function Page({ title, tab, intro, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${tab ?? title} · crypto-predict`;
  }, [title, tab]);
  return (
    <div className="flex flex-col gap-4 md:gap-5">
      <header className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h1 className="text-[22px] leading-tight font-semibold tracking-[-0.01em]">{title}</h1>
          {intro && <div className="mt-1 max-w-[90ch] text-muted">{intro}</div>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
