// Finding users and roles by what people type.

interface Person {
  username: string;
  roles: readonly { name: string }[];
}

/** The users whose name or roles contain every word of a text, in any case, by name. */
export function findUsers<P extends Person>(users: readonly P[], text: string): P[] {
  const words = wordsOf(text);
  return users
    .filter((u) => {
      const names = [u.username, ...u.roles.map((r) => r.name)].map((name) => name.toLowerCase());
      return words.every((word) => names.some((name) => name.includes(word)));
    })
    .sort((a, b) => compareNames(a.username, b.username));
}

/** The roles whose name or description contains every word of a text, in any case. */
export function findRoles<R extends { name: string; description: string }>(
  roles: readonly R[],
  text: string,
): R[] {
  const words = wordsOf(text);
  return roles.filter((r) => {
    const all = `${r.name}\n${r.description}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

const wordsOf = (text: string) => text.toLowerCase().split(/\s+/).filter(Boolean);

// A collator is much faster than localeCompare for thousands of names.
const collator = new Intl.Collator(undefined, { numeric: true });
const compareNames = (a: string, b: string) => collator.compare(a, b);
