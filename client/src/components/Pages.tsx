import { count } from "@/format/numbers";

import { Button } from "./Button";

interface PagesProps {
  page: number;
  pageSize: number;
  total: number;
  /** What is counted, in the plural. */
  what: string;
  onPage: (page: number) => void;
}

/** Which part of a long list is shown, and the way to the others. */
export function Pages({ page, pageSize, total, what, onPage }: PagesProps) {
  const last = Math.max(1, Math.ceil(total / pageSize));
  const first = (page - 1) * pageSize + 1;
  return (
    <nav
      aria-label={`Pages of ${what}`}
      className="mt-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2 text-[13px] text-muted"
    >
      <p role="status">
        {total === 0
          ? `No ${what}`
          : `${count(first)} to ${count(Math.min(total, page * pageSize))} of ${count(total)} ${what}`}
      </p>
      {last > 1 && (
        <div className="flex items-center gap-2">
          <Button disabled={page <= 1} onClick={() => onPage(page - 1)}>
            Previous
          </Button>
          <span>
            Page {count(page)} of {count(last)}
          </span>
          <Button disabled={page >= last} onClick={() => onPage(page + 1)}>
            Next
          </Button>
        </div>
      )}
    </nav>
  );
}
