// Passwords that are made here: long enough to be safe, short enough to be typed once.

/** The shortest password that the server takes. */
export const minPassword = 12;

// Letters and digits that are hard to mix up.
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

/** A random password of about 116 bits. */
export function generatePassword(length = 20): string {
  // Bytes at or above the largest multiple of the alphabet would favour its first letters.
  const limit = 256 - (256 % alphabet.length);
  let password = "";
  while (password.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < limit && password.length < length) password += alphabet[byte % alphabet.length];
    }
  }
  return password;
}

/** What is wrong with a new password, or "". */
export function passwordFault(password: string): string {
  const length = [...password].length;
  return length > 0 && length < minPassword ? `Use at least ${minPassword} characters.` : "";
}
