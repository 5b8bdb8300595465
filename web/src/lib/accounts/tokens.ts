// When access tokens expire, and how programs use them.

const dayMS = 24 * 60 * 60 * 1000;

/** How long a new token can last, in days; 0 for ever. */
export const lifetimes: readonly { days: number; label: string }[] = [
  { days: 7, label: "7 days" },
  { days: 30, label: "30 days" },
  { days: 90, label: "90 days" },
  { days: 365, label: "a year" },
  { days: 0, label: "does not expire" },
];

/** When a token with a lifetime expires, in milliseconds since the epoch; 0 for never. */
export const expiry = (days: number, nowMS: number): number => (days === 0 ? 0 : nowMS + days * dayMS);

interface Times {
  expiresMS: number | undefined;
  revokedMS: number | undefined;
}

/** Whether the server still accepts a token. */
export const isValid = ({ expiresMS, revokedMS }: Times, nowMS: number): boolean =>
  revokedMS === undefined && (expiresMS === undefined || nowMS < expiresMS);
