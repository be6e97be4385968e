import { type ReactNode, useRef } from "react";
import { Link, useLocation } from "wouter";

import { classes } from "@/components/classes";
import { SCREENS } from "@/screens/screens";
import { chooseTheme, useTheme } from "@/theme/theme";

import { ConnectionLine } from "./ConnectionLine";
import { Icon } from "./Icon";
import { useFreshStart } from "./useFreshStart";

const NAVIGATION = SCREENS.filter((screen) => screen.nav !== null);

/** What surrounds every screen. */
export function Layout({ children }: { children: ReactNode }) {
  const content = useRef<HTMLElement>(null);
  useFreshStart(content);
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#content"
        className="sr-only rounded-lg bg-accent px-3 py-2 text-accent-ink focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-50"
      >
        Skip to the content
      </a>
      <header className="sticky top-0 z-30 border-b border-line bg-surface/95 backdrop-blur">
        <div className="mx-auto flex h-14 max-w-[1680px] items-center gap-6 px-4 md:px-6">
          <Link
            href="/train"
            className="flex items-center gap-2 text-[15px] font-semibold tracking-[-0.01em]"
          >
            <img src="/favicon.svg" alt="" className="size-6" />
            crypto-predict
          </Link>
          <Navigation className="hidden flex-1 md:block" />
          <div className="ml-auto flex items-center gap-3">
            <ConnectionLine />
            <ThemeToggle />
          </div>
        </div>
      </header>
      <main
        ref={content}
        id="content"
        tabIndex={-1}
        className="mx-auto w-full max-w-[1680px] flex-1 px-4 py-5 outline-none md:px-6 md:py-6"
      >
        {children}
      </main>
      <Footer />
      <Navigation
        bottom
        className="fixed inset-x-0 bottom-0 z-30 border-t border-line bg-surface md:hidden"
      />
    </div>
  );
}

function Navigation({ className, bottom = false }: { className: string; bottom?: boolean }) {
  const [location] = useLocation();
  return (
    <nav aria-label={bottom ? "Screens, at the bottom" : "Screens"} className={className}>
      <ul className={bottom ? "flex justify-between pb-[env(safe-area-inset-bottom)]" : "flex gap-1"}>
        {NAVIGATION.map(({ path, nav, icon }) => {
          const here = location === path || location.startsWith(`${path}/`);
          return (
            <li key={path} className={bottom ? "min-w-0 flex-1" : ""}>
              <Link
                href={path}
                aria-current={here ? "page" : undefined}
                className={classes(
                  "transition-colors",
                  bottom
                    ? "flex min-h-14 flex-col items-center justify-center gap-0.5 text-[11px]"
                    : "rounded-lg px-3 py-1.5 hover:bg-sunken hover:text-ink",
                  here ? "font-semibold text-accent" : "text-muted",
                  here && !bottom && "bg-accent-soft",
                )}
              >
                {bottom && <Icon name={icon} />}
                {nav}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

function ThemeToggle() {
  const other = useTheme() === "dark" ? "light" : "dark";
  return (
    <button
      type="button"
      aria-label={`Change to the ${other} colours`}
      onClick={() => chooseTheme(other)}
      className="grid size-9 place-items-center rounded-lg text-muted hover:bg-sunken hover:text-ink max-md:size-11"
    >
      <Icon name={other === "dark" ? "moon" : "sun"} className="size-[18px]" />
    </button>
  );
}

function Footer() {
  return (
    <footer className="border-t border-line pb-20 text-xs text-muted md:pb-0">
      <div className="mx-auto flex max-w-[1680px] flex-wrap justify-between gap-x-6 gap-y-1 px-4 py-3 md:px-6">
        <p>
          <strong className="font-semibold text-ink">Forecasts are not financial advice.</strong> Prices are
          hard to forecast; every result stands beside the naive forecast.
        </p>
        <p>
          <a href="/api/v1/docs" className="underline hover:text-ink">
            API documentation
          </a>
          {" · Charts by "}
          <a
            href="https://www.tradingview.com/"
            rel="noreferrer"
            target="_blank"
            className="underline hover:text-ink"
          >
            TradingView
          </a>
          {" and uPlot"}
        </p>
      </div>
    </footer>
  );
}
