// Who uses the pages. Requests pass a gate: the first ones wait until the session is known, and those that
// find the session ended wait until somebody has logged in again.

export interface User {
  id: number;
  username: string;
  isAdmin: boolean;
}

export interface Session {
  /** Whether the server has users. If it has none, there is nobody to log in. */
  users: boolean;
  user: User | undefined;
  /** Whether the user administers users and roles. */
  manages: boolean;
  /** For the header of requests that change something; empty if none is needed. */
  csrfToken: string;
  /** How to log in by a provider of single sign-on, if there is one. */
  provider?: LoginProvider | undefined;
}

export interface LoginProvider {
  name: string;
  /** Where the browser begins the login. */
  url: string;
}

/** Where the browser begins a login that leads back to the page with a hash. */
export const loginURL = ({ url }: LoginProvider, hash: string): string =>
  `${url}?next=${encodeURIComponent(`/${hash}`)}`;

/** The session of a server without users. */
export const withoutUsers: Session = { users: false, user: undefined, manages: false, csrfToken: "" };

/** Rejects requests that waited for a login and that another user must not send. */
export class OtherUserError extends Error {}

const otherUser = () => new OtherUserError("Another user has logged in, so this was not done.");

interface Waiting {
  resolve: () => void;
  reject: (error: Error) => void;
}

export interface SessionState {
  session: Session | undefined;
  /** Whose session ended while the pages were in use. Their page stays as it is until the next login. */
  ended: User | undefined;
  /** Whether the session could not be read. Pages show why when they ask for their data. */
  failed: boolean;
}

export class SessionGate {
  private state: SessionState = { session: undefined, ended: undefined, failed: false };
  private reading: Promise<Session> | undefined;
  private readonly waiting = new Set<Waiting>();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly read: () => Promise<Session>) {}

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): SessionState => this.state;

  /** The session, which is read at the first call. */
  async ready(): Promise<Session> {
    return this.state.session ?? (await this.refresh());
  }

  /** Reads the session again. Concurrent calls share one request. */
  refresh(): Promise<Session> {
    this.reading ??= this.read()
      .then((session) => {
        this.enter(session);
        return session;
      })
      .catch((error: unknown) => {
        this.change({ ...this.state, failed: true });
        throw error;
      })
      .finally(() => {
        this.reading = undefined;
      });
    return this.reading;
  }

  /** Takes the session of a login, or one that was read. */
  enter(session: Session) {
    const { session: before, ended } = this.state;
    if (!session.user && session.users) {
      // A user who is in the middle of something keeps the page.
      this.change({ session, ended: ended ?? before?.user, failed: false });
      return;
    }
    this.change({ session, ended: undefined, failed: false });
    const sameUser = !ended || ended.id === session.user?.id;
    for (const { resolve, reject } of this.waiting) {
      if (sameUser) resolve();
      else reject(otherUser());
    }
    this.waiting.clear();
  }

  /** Takes the session after a logout: nothing of the user stays. */
  leave() {
    const { session } = this.state;
    if (!session) return;
    const nobody = { ...session, user: undefined, manages: false, csrfToken: "" };
    this.change({ session: nobody, ended: undefined, failed: false });
    for (const { reject } of this.waiting) reject(new OtherUserError("You have logged out."));
    this.waiting.clear();
  }

  /** Waits for a login after the server has refused a request. */
  async login(signal?: AbortSignal | null): Promise<void> {
    const { session: before, ended } = this.state;
    const owner = before?.user ?? ended;
    // The session may have begun anew in another tab.
    const { user } = await this.refresh();
    if (user && (!owner || owner.id === user.id)) return;
    if (user) throw otherUser();
    await new Promise<void>((resolve, reject) => {
      const entry = { resolve, reject };
      this.waiting.add(entry);
      signal?.addEventListener("abort", () => {
        this.waiting.delete(entry);
        reject(signal.reason);
      });
    });
  }

  private change(state: SessionState) {
    this.state = state;
    for (const tell of this.listeners) tell();
  }
}
