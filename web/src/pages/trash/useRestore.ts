import { restore, type TrashItem } from "../../api/trash";
import { errorText } from "../../components/Notice";
import { useToast } from "../../components/Toasts";
import { forEachOf } from "../../lib/batches";
import { plural } from "../../lib/text/format";

/** Restores items and tells what came of it. one is the word for an item. */
export function useRestore(one: string, onDone: () => void) {
  const toast = useToast();
  return async (items: readonly TrashItem[]) => {
    const failures = await forEachOf(items, (item) => restore[item.kind](item.id));
    onDone();
    const restored = items.length - failures.length;
    if (restored > 0) toast(`Restored ${items.length === 1 ? items[0]!.name : plural(restored, one)}`);
    const first = failures[0];
    if (first) {
      const others = failures.length > 1 ? ` (and ${failures.length - 1} more)` : "";
      toast(`Could not restore ${first.item.name}${others}: ${errorText(first.error)}`);
    }
  };
}
