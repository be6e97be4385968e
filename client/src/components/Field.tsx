import { type ComponentProps, type ReactNode, useId } from "react";

import { classes } from "./classes";

const CONTROL =
  "min-h-9 w-full rounded-lg border bg-surface px-3 py-1.5 text-ink placeholder:text-muted max-md:min-h-11 " +
  "max-md:text-base aria-invalid:border-bad";

interface FieldProps {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | undefined;
  /** Draws the control with what ties it to its label, hint and error. */
  children: (tied: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": boolean;
  }) => ReactNode;
}

/** A labelled control with its hint, and its error where it can be seen and heard. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className="text-[13px] font-medium">
        {label}
      </label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": Boolean(error) })}
      {hint && (
        <p id={`${id}-hint`} className="text-xs text-muted">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} role="alert" className="flex gap-1.5 text-xs font-medium text-bad">
          <span aria-hidden>✕</span>
          {error}
        </p>
      )}
    </div>
  );
}

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input {...rest} className={classes(CONTROL, "border-line-strong", className)} />;
}

/** The browser's own list: it opens as each device knows it, and is read aloud rightly. */
export function Select({ className, ...rest }: ComponentProps<"select">) {
  return <select {...rest} className={classes(CONTROL, "border-line-strong pr-8", className)} />;
}

interface CheckBoxProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

/** A choice of yes or no that takes effect at once. */
export function CheckBox({ label, checked, onChange }: CheckBoxProps) {
  return (
    <label className="flex min-h-9 cursor-pointer items-center gap-2 text-[13px] text-muted max-md:min-h-11">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="size-4 accent-accent"
      />
      {label}
    </label>
  );
}
