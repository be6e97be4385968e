import type { ReactNode } from "react";

import { classes } from "./classes";

export interface Column<Row> {
  key: string;
  title: ReactNode;
  cell: (row: Row) => ReactNode;
  /** Numbers stand right, so that their digits line up. */
  numeric?: boolean;
  /** Sorts by this; a column without it is not sortable. */
  sortBy?: string;
}

export interface Sorting {
  by: string;
  descending: boolean;
}

interface TableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  sorting?: Sorting;
  onSort?: (sorting: Sorting) => void;
  /** Marks a row, such as that of the naive forecast. */
  rowClass?: (row: Row) => string | undefined;
}

/** A table that scrolls sideways in itself on a narrow screen. The first column names the row. */
export function Table<Row>({ caption, columns, rows, rowKey, sorting, onSort, rowClass }: TableProps<Row>) {
  return (
    // Reachable by keyboard, since it may scroll.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="relative overflow-x-auto" role="region" aria-label={caption} tabIndex={0}>
      <table className="w-full border-collapse text-left text-[13px]">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-b border-line text-xs text-muted">
            {columns.map((column) => (
              <Head key={column.key} column={column} sorting={sorting} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className={classes("border-b border-line last:border-0", rowClass?.(row))}>
              {columns.map((column, index) => {
                const Cell = index === 0 ? "th" : "td";
                return (
                  <Cell
                    key={column.key}
                    scope={index === 0 ? "row" : undefined}
                    className={classes(
                      "px-2.5 py-2 first:pl-0 last:pr-0",
                      column.numeric ? "text-right whitespace-nowrap tabular-nums" : "",
                      index === 0 ? "font-medium" : "font-normal",
                    )}
                  >
                    {column.cell(row)}
                  </Cell>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps<Row> {
  column: Column<Row>;
  sorting: Sorting | undefined;
  onSort: ((sorting: Sorting) => void) | undefined;
}

function Head<Row>({ column, sorting, onSort }: HeadProps<Row>) {
  const { sortBy } = column;
  const sorted = sortBy !== undefined && sorting?.by === sortBy;
  const arrow = sorted ? (sorting.descending ? "↓" : "↑") : "↕";
  return (
    <th
      scope="col"
      aria-sort={sorted ? (sorting.descending ? "descending" : "ascending") : undefined}
      className={classes("px-2.5 py-2 font-medium first:pl-0 last:pr-0", column.numeric && "text-right")}
    >
      {sortBy !== undefined && onSort ? (
        <button
          type="button"
          className={classes("inline-flex items-center gap-1 hover:text-ink", sorted && "text-ink")}
          onClick={() => onSort({ by: sortBy, descending: sorted ? !sorting.descending : true })}
        >
          {column.title}
          <span aria-hidden className={sorted ? "" : "opacity-40"}>
            {arrow}
          </span>
        </button>
      ) : (
        column.title
      )}
    </th>
  );
}
