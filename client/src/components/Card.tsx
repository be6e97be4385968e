import { type ReactNode, useId } from "react";

import { classes } from "./classes";

interface CardProps {
  title?: ReactNode;
  /** One sentence under the title: what it shows and how to read it. */
  hint?: ReactNode;
  /** Where a link of the same page leads. */
  anchor?: string;
  /** Buttons and the like, at the right of the title. */
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}

/** A titled surface; a region with a name for screen readers when it has a title. */
export function Card({ title, hint, anchor, actions, className, children }: CardProps) {
  const id = useId();
  return (
    <section
      id={anchor}
      tabIndex={anchor ? -1 : undefined}
      aria-labelledby={title ? id : undefined}
      className={classes(
        "min-w-0 rounded-xl border border-line bg-surface p-4 shadow-card md:p-5",
        className,
      )}
    >
      {(title ?? actions) && (
        <header className="mb-3 flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
          <div className="min-w-0 flex-1 basis-56">
            {title && (
              <h2 id={id} className="text-[15px] font-semibold">
                {title}
              </h2>
            )}
            {hint && <p className="mt-0.5 max-w-[80ch] text-[13px] text-muted">{hint}</p>}
          </div>
          {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}
