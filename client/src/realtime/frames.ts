/**
 * Calls `flush` once per animation frame however often it is asked: a replay of a thousand events is one
 * drawing. A hidden page has no frames; there it is called once a second.
 */
export function oncePerFrame(flush: () => void): () => void {
  let asked = false;
  const run = () => {
    asked = false;
    flush();
  };
  return () => {
    if (asked) return;
    asked = true;
    if (document.hidden) setTimeout(run, 1000);
    else requestAnimationFrame(run);
  };
}
