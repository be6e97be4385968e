import type { ComponentProps } from "react";
import { Link } from "wouter";

import { classes } from "./classes";

type Kind = "primary" | "secondary" | "quiet" | "danger";

const BASE =
  "inline-flex min-h-9 items-center justify-center gap-2 rounded-lg px-3.5 py-1.5 font-medium transition-colors " +
  "disabled:cursor-not-allowed disabled:opacity-55 max-md:min-h-11 whitespace-nowrap";
const LOOKS: Record<Kind, string> = {
  primary: "bg-accent text-accent-ink hover:brightness-110",
  secondary: "border border-line bg-surface text-ink hover:border-line-strong hover:bg-sunken",
  quiet: "text-muted hover:bg-sunken hover:text-ink",
  danger: "border border-bad/40 bg-surface text-bad hover:bg-bad-soft",
};

interface ButtonProps extends ComponentProps<"button"> {
  kind?: Kind;
  /** Shown as working: it cannot be pressed again meanwhile. */
  busy?: boolean;
}

export function Button({ kind = "secondary", busy = false, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      aria-busy={busy}
      {...rest}
      disabled={rest.disabled === true || busy}
      className={classes(BASE, LOOKS[kind], className)}
    >
      {busy && <span className="pulse size-2 rounded-full bg-current" aria-hidden />}
      {children}
    </button>
  );
}

/** A link that looks like a button, inside the dashboard. */
export function ButtonLink({
  kind = "secondary",
  href,
  children,
}: {
  kind?: Kind;
  href: string;
  children: React.ReactNode;
}) {
  return (
    <Link href={href} className={classes(BASE, LOOKS[kind])}>
      {children}
    </Link>
  );
}

/** A link that looks like a button, to a card further down the page. */
export function AnchorLink({ href, children }: { href: `#${string}`; children: React.ReactNode }) {
  return (
    <a href={href} className={classes(BASE, LOOKS.secondary)}>
      {children}
    </a>
  );
}

/** A link that looks like a button, to a file. The browser fetches it itself: it need not fit into the page. */
export function DownloadLink({
  href,
  label,
  children,
}: {
  href: string;
  /** Says of what, where several stand below each other. */
  label?: string;
  children: React.ReactNode;
}) {
  return (
    <a href={href} download aria-label={label} className={classes(BASE, LOOKS.secondary)}>
      {children}
    </a>
  );
}
