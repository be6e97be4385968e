import { type ReactNode, useState } from "react";

import { Button } from "./Button";
import { Notice } from "./States";

/** An explanation for the first visit. Once dismissed it stays away in this browser. */
export function Dismissible({ name, children }: { name: string; children: ReactNode }) {
  const key = `seen.${name}`;
  const [seen, setSeen] = useState(() => remembered(key));
  if (seen) return null;
  const dismiss = () => {
    remember(key);
    setSeen(true);
  };
  return (
    <Notice
      action={
        <Button kind="quiet" onClick={dismiss}>
          Got it
        </Button>
      }
    >
      <div className="max-w-[110ch]">{children}</div>
    </Notice>
  );
}

function remembered(key: string): boolean {
  try {
    return localStorage.getItem(key) !== null;
  } catch {
    return false;
  }
}

function remember(key: string): void {
  try {
    localStorage.setItem(key, "1");
  } catch {
    // Without storage it is explained again next time.
  }
}
