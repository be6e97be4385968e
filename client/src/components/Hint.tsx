import * as Tooltip from "@radix-ui/react-tooltip";
import { type ReactNode, useState } from "react";

/** A small question mark that explains a term on hover, focus or tap. */
export function Hint({ label, children }: { label: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <Tooltip.Root open={open} onOpenChange={setOpen} delayDuration={150}>
      <Tooltip.Trigger
        type="button"
        aria-label={`What is ${label}?`}
        onClick={() => setOpen(true)}
        className="relative inline-grid size-4 shrink-0 place-items-center rounded-full border border-line-strong/60 text-[10px] leading-none text-muted after:absolute after:-inset-1 hover:border-accent hover:text-accent"
      >
        ?
      </Tooltip.Trigger>
      <Floating>{children}</Floating>
    </Tooltip.Root>
  );
}

/** Something with a text that shows on hover or focus. */
export function WithTip({ tip, children }: { tip: ReactNode; children: ReactNode }) {
  return (
    <Tooltip.Root delayDuration={250}>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Floating>{tip}</Floating>
    </Tooltip.Root>
  );
}

function Floating({ children }: { children: ReactNode }) {
  return (
    <Tooltip.Portal>
      <Tooltip.Content
        sideOffset={6}
        collisionPadding={12}
        className="z-50 max-w-72 rounded-lg border border-line bg-raised px-3 py-2 text-xs leading-relaxed text-ink shadow-raised"
      >
        {children}
      </Tooltip.Content>
    </Tooltip.Portal>
  );
}
