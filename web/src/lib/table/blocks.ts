// The table is read in blocks of rows.

export const blockSize = 100;

/** The blocks that have a range of rows; the first one while nothing is known. */
export function blocksIn([first, last]: readonly [number, number]): number[] {
  const blocks: number[] = [];
  const from = Math.max(0, Math.floor(first / blockSize));
  for (let block = from; block <= Math.max(from, Math.floor(last / blockSize)); block++) blocks.push(block);
  return blocks;
}
