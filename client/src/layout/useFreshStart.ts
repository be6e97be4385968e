import { type RefObject, useEffect } from "react";

/**
 * A screen that a link leads to begins at its top, with the keyboard before its content. Going back and forth is the
 * browser's own matter: it knows where the reader was.
 */
export function useFreshStart(content: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    let shown = location.pathname;
    const onBack = () => (shown = location.pathname);
    const onLink = () => {
      if (location.pathname === shown) return;
      shown = location.pathname;
      window.scrollTo(0, 0);
      content.current?.focus({ preventScroll: true });
    };
    // The router's own name for what the browser does not tell.
    window.addEventListener("pushState", onLink);
    window.addEventListener("popstate", onBack);
    return () => {
      window.removeEventListener("pushState", onLink);
      window.removeEventListener("popstate", onBack);
    };
  }, [content]);
}
