// Days of the calendar here, written as 2026-11-22.

/** Whether a text is a date that a calendar has. */
export const isDay = (text: string): boolean => startOfDay(text) !== undefined;

/** When a local day begins, or the one some days after it: days are not always 24 hours long. */
export function startOfDay(text: string, later = 0): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const date = new Date(2000, 0, 1);
  date.setFullYear(year, month - 1, day); // The constructor takes the years before 100 for others.
  if (date.getMonth() !== month - 1) return undefined;
  date.setDate(day + later);
  return date.getTime();
}
