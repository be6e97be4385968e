// Long enough for what overtook another on its way, short enough to be noticed by nobody.
const HOLE_PATIENCE_MS = 400;

/** Waits before a missing number counts as lost: until then it may merely be late. */
export class Patience {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly whenGone: () => void) {}

  /** Start to wait while something is missing, or stop because nothing is. */
  watch(missing: boolean): void {
    if (!missing) {
      this.stop();
    } else {
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.whenGone();
      }, HOLE_PATIENCE_MS);
    }
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
