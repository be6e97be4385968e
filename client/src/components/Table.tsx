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
  /** In a stacked table it takes the whole width of its block. */
  wide?: boolean;
  /** Its share of the table as a class: so that tables below each other line up. */
  width?: string;
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
  /** On a narrow screen each row stands as a block of its own, its values under their names, and nothing scrolls sideways. */
  stacked?: boolean;
  /** The first column stays in sight while the others scroll. */
  pinned?: boolean;
}

/** A table that scrolls sideways in itself on a narrow screen, or stacks. The first column names the row. */
export function Table<Row>({ caption, columns, rows, rowKey, rowClass, ...rest }: TableProps<Row>) {
  const { sorting, onSort, stacked = false, pinned = false } = rest;
  return (
    // Reachable by keyboard, since it may scroll. A marked row reaches beyond its text on both sides.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="relative -mx-2.5 overflow-x-auto" role="region" aria-label={caption} tabIndex={0}>
      <table
        // What is not laid out as a table is a table for screen readers only by its roles.
        role="table"
        className={classes(
          "w-full border-collapse text-left text-[13px]",
          stacked && "max-lg:block",
          pinned &&
            "[&_:is(th,td):first-child]:sticky [&_:is(th,td):first-child]:left-0 [&_:is(th,td):first-child]:bg-surface",
        )}
      >
        <caption className="sr-only">{caption}</caption>
        <thead className={stacked ? "max-lg:block" : ""}>
          <tr
            role="row"
            className={classes(
              "border-b border-line text-xs text-muted",
              stacked && "max-lg:flex max-lg:flex-wrap max-lg:px-1",
            )}
          >
            {columns.map((column) => (
              <Head key={column.key} column={column} sorting={sorting} onSort={onSort} stacked={stacked} />
            ))}
          </tr>
        </thead>
        <tbody className={stacked ? "max-lg:block" : ""}>
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              role="row"
              className={classes("border-b border-line last:border-0", stacked && BLOCK, rowClass?.(row))}
            >
              {columns.map((column, index) => (
                <Cell key={column.key} column={column} row={row} first={index === 0} stacked={stacked} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const BLOCK =
  "max-lg:grid max-lg:grid-cols-2 md:max-lg:grid-cols-3 max-lg:gap-x-4 max-lg:gap-y-2 max-lg:px-2.5 max-lg:py-3";

interface CellProps<Row> {
  column: Column<Row>;
  row: Row;
  first: boolean;
  stacked: boolean;
}

function Cell<Row>({ column: { title, cell, numeric, wide }, row, first, stacked }: CellProps<Row>) {
  const look = classes(
    "px-1.5 py-2 first:pl-2.5 last:pr-2.5 md:px-2.5",
    numeric && "text-right whitespace-nowrap tabular-nums",
    stacked && "max-lg:min-w-0 max-lg:p-0! max-lg:text-left",
    stacked && (first || wide) && "max-lg:col-span-full",
  );
  if (first)
    return (
      <th scope="row" role="rowheader" className={`${look} font-medium`}>
        {cell(row)}
      </th>
    );
  return (
    // eslint-disable-next-line jsx-a11y/no-interactive-element-to-noninteractive-role -- it is none, but in a grid
    <td role="cell" className={`${look} font-normal`}>
      {stacked && (
        <span aria-hidden className="block text-xs whitespace-nowrap text-muted lg:hidden">
          {title}
        </span>
      )}
      {cell(row)}
    </td>
  );
}

interface HeadProps<Row> {
  column: Column<Row>;
  sorting: Sorting | undefined;
  onSort: ((sorting: Sorting) => void) | undefined;
  stacked: boolean;
}

function Head<Row>({ column, sorting, onSort, stacked }: HeadProps<Row>) {
  const { sortBy } = column;
  const sorted = sortBy !== undefined && sorting?.by === sortBy;
  const arrow = sorted ? (sorting.descending ? "↓" : "↑") : "↕";
  return (
    <th
      scope="col"
      role="columnheader"
      aria-sort={sorted ? (sorting.descending ? "descending" : "ascending") : undefined}
      className={classes(
        "px-1.5 py-2 align-bottom font-medium first:pl-2.5 last:pr-2.5 md:px-2.5",
        column.numeric && "text-right",
        column.width,
        // Each value of a block stands under its name; what sorts stays above them all.
        stacked && sortBy === undefined && "max-lg:sr-only",
      )}
    >
      {sortBy !== undefined && onSort ? (
        <button
          type="button"
          className={classes(
            "inline-flex items-center gap-1 hover:text-ink",
            sorted && "text-ink",
            stacked && "max-lg:min-h-8",
          )}
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
