/** About so many round numbers from least to most; on a logarithmic axis, powers of ten. */
export function ticksOf(least: number, most: number, count: number, log: boolean): number[] {
  if (!(most > least)) return [least];
  if (log && least > 0) {
    const from = Math.ceil(Math.log10(least) - 1e-9);
    const to = Math.floor(Math.log10(most) + 1e-9);
    const every = Math.max(1, Math.ceil((to - from + 1) / count));
    const powers: number[] = [];
    for (let power = from; power <= to; power += every) powers.push(10 ** power);
    if (powers.length > 1) return powers;
  }
  const rough = (most - least) / count;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * ([1, 2, 5, 10].find((factor) => factor * unit >= rough * (1 - 1e-9)) ?? 10);
  const ticks: number[] = [];
  for (let i = Math.ceil(least / step - 1e-9); i * step <= most + step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}
