import { useSearchParams } from "wouter";

/** How a list is narrowed, ordered and paged: kept in the address, so that it can be shared and gone back to. */
export function useListing() {
  const [search, setSearch] = useSearchParams();
  return {
    read: (name: string) => search.get(name) ?? "",
    page: Math.max(1, Number(search.get("page")) || 1),
    /** Changes some; whatever is changed begins at the first page again. */
    change: (changed: Record<string, string>) =>
      setSearch(
        (before) => {
          const next = new URLSearchParams(before);
          next.delete("page");
          for (const [name, value] of Object.entries(changed)) {
            if (value) next.set(name, value);
            else next.delete(name);
          }
          return next;
        },
        { replace: true },
      ),
    clear: () => setSearch(new URLSearchParams(), { replace: true }),
  };
}
