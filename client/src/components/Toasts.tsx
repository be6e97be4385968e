import * as Toast from "@radix-ui/react-toast";
import { useSyncExternalStore } from "react";

interface Message {
  id: number;
  text: string;
}

let shown: readonly Message[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function change(next: readonly Message[]): void {
  shown = next;
  listeners.forEach((each) => each());
}

/** Say something in passing, from anywhere. What must not be missed belongs on the page instead. */
export function toast(text: string): void {
  lastId += 1;
  change([...shown.slice(-2), { id: lastId, text }]);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toasts() {
  const messages = useSyncExternalStore(subscribe, () => shown);
  return (
    <Toast.Provider duration={5000} swipeDirection="right" label="Message">
      {messages.map(({ id, text }) => (
        <Toast.Root
          key={id}
          onOpenChange={(open) => !open && change(shown.filter((each) => each.id !== id))}
          className="flex items-center gap-3 rounded-xl border border-line bg-raised px-4 py-3 shadow-raised"
        >
          <Toast.Description className="min-w-0 flex-1">{text}</Toast.Description>
          <Toast.Close aria-label="Dismiss" className="rounded px-1.5 text-muted hover:text-ink">
            ✕
          </Toast.Close>
        </Toast.Root>
      ))}
      <Toast.Viewport className="fixed right-4 bottom-20 z-50 flex w-[min(24rem,calc(100vw-2rem))] flex-col gap-2 md:bottom-4" />
    </Toast.Provider>
  );
}
