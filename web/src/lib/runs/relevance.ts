// What people look at first: the order of metrics in columns, cards and on the home page.
import { compareNames, isSystemMetric } from "./columns";

const loss = new Set(["loss", "losses", "nll", "perplexity", "ppl", "entropy", "objective"]);
const quality = new Set(
  "acc accuracy f1 auc auroc auprc roc map miou iou dice bleu rouge score reward return precision recall r2 rmse mse mae mape error wer cer psnr ssim fid".split(
    " ",
  ),
);
const validation = new Set(["val", "valid", "validation", "eval", "evaluation", "test", "dev"]);
/** Counters and settings: they say where a run is, and nothing about how good it is. */
const bookkeeping = new Set(
  "epoch epochs step steps iteration iterations iter lr learning rate time seconds duration elapsed eta speed throughput progress grad norm examples samples tokens batch".split(
    " ",
  ),
);

/** "valLoss" and "val_loss" have the same words. */
function wordsOf(key: string): string[] {
  return key
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
}

const bookkeepingRank = 6;
const ranks = new Map<string, number>();

function rankOf(key: string): number {
  if (isSystemMetric(key)) return 8;
  const words = wordsOf(key);
  const has = (set: ReadonlySet<string>) => words.some((word) => set.has(word));
  const own = has(validation) ? 0 : 1;
  if (has(loss)) return own;
  if (has(quality)) return 2 + own;
  return has(bookkeeping) ? bookkeepingRank : 4 + own;
}

/** Loss, then accuracy and the like, then the rest; validation first; counters and system metrics last. */
export function relevance(key: string): number {
  let rank = ranks.get(key);
  if (rank === undefined) {
    rank = rankOf(key);
    ranks.set(key, rank);
  }
  return rank;
}

/** Whether a metric says where a run is rather than how good it is. */
export const isBookkeeping = (key: string) => relevance(key) === bookkeepingRank;

export function compareMetrics(a: string, b: string): number {
  return relevance(a) - relevance(b) || compareNames(a, b);
}
