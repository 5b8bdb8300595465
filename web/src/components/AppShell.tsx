import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { serverInfo } from "../api/queries";
import { useChords, useHotkeys, usePaletteKey } from "../lib/browser/hooks";
import { goToPages, goToParts, type KeyTarget } from "../lib/text/keys";
import { HelpDialog } from "./HelpDialog";
import { Icon } from "./Icon";
import { SessionFrame } from "./session/SessionFrame";
import { useSessionState } from "./session/useSession";
import { ThemeSwitch } from "./ThemeSwitch";
import { ToastProvider } from "./Toasts";

const CommandPalette = lazy(async () => ({
  default: (await import("./commands/CommandPalette")).CommandPalette,
}));
const UserMenu = lazy(async () => ({ default: (await import("./session/UserMenu")).UserMenu }));

/** Keys that lead to pages, from everywhere or within an experiment. */
function useGoToKeys(enabled: boolean, users: boolean) {
  const navigate = useNavigate();
  const { experimentID } = useParams({ strict: false }) as { experimentID?: string };
  const targets = [
    ...goToPages.filter((target) => users || !target.users),
    ...(experimentID === undefined ? [] : goToParts),
  ];
  const go = ({ to, search = {} }: KeyTarget) => navigate({ to, params: { experimentID }, search } as never);
  useChords(Object.fromEntries(enabled ? targets.map((target) => [target.keys, () => void go(target)]) : []));
}

/** The frame around every page. */
export function AppShell() {
  const [help, setHelp] = useState(false);
  const { session, ended } = useSessionState();
  const user = session?.user ?? ended;
  const inside = session ? !session.users || user !== undefined : true;
  const version = useQuery(serverInfo());
  const [palette, setPalette] = useState(false);
  useHotkeys({ "?": () => setHelp(true) });
  useGoToKeys(inside, user !== undefined);
  usePaletteKey(inside, () => setPalette((open) => !open));
  const skipToContent = () => document.getElementById("content")?.focus();
  return (
    <ToastProvider>
      <button type="button" className="skip" onClick={skipToContent}>
        Skip to content
      </button>
      <header className="top">
        <Link to="/" className="brand">
          <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
            <rect width="32" height="32" rx="7" fill="currentColor" />
            <g className="brand-water">
              <path d="M5 11c3.7 0 3.7 3 7.3 3s3.7-3 7.4-3 3.6 3 7.3 3" />
              <path d="M5 18c3.7 0 3.7 3 7.3 3s3.7-3 7.4-3 3.6 3 7.3 3" />
            </g>
          </svg>
          <span className="brand-name">Millrace</span>
        </Link>
        {inside && (
          <nav aria-label="Main">
            <Link to="/" className="nav-home" activeOptions={{ exact: true, includeSearch: false }}>
              Home
            </Link>
            <Link to="/experiments" activeOptions={{ includeSearch: false }}>
              Experiments
            </Link>
            <Link to="/models" activeOptions={{ includeSearch: false }}>
              Models
            </Link>
            <Link to="/prompts" activeOptions={{ includeSearch: false }}>
              Prompts
            </Link>
          </nav>
        )}
        <span className="spacer" />
        {inside && (
          <button
            type="button"
            className="button palette-button"
            title="Search everything (Ctrl+K)"
            onClick={() => setPalette(true)}
          >
            <Icon name="search" size={14} /> <span>Search</span> <kbd>Ctrl K</kbd>
          </button>
        )}
        {version.data && (
          <span className="muted version" title="Version of the MLflow API that this server speaks">
            MLflow API {version.data}
          </span>
        )}
        {inside && (
          <Link to="/trash" className="icon-button" aria-label="Trash" title="Trash">
            <Icon name="trash" />
          </Link>
        )}
        {inside && (
          <Link to="/settings" className="icon-button" aria-label="Settings" title="Settings">
            <Icon name="settings" />
          </Link>
        )}
        <button
          type="button"
          className="icon-button"
          aria-label="Keyboard and filter help"
          title="Keyboard and filter help (?)"
          onClick={() => setHelp(true)}
        >
          <Icon name="help" />
        </button>
        <ThemeSwitch />
        {session && user && (
          <Suspense>
            <UserMenu session={session} user={user} />
          </Suspense>
        )}
      </header>
      <main id="content" tabIndex={-1}>
        <SessionFrame>
          <Outlet />
        </SessionFrame>
      </main>
      {palette && (
        <Suspense>
          <CommandPalette onClose={() => setPalette(false)} showHelp={() => setHelp(true)} />
        </Suspense>
      )}
      {help && <HelpDialog onClose={() => setHelp(false)} />}
    </ToastProvider>
  );
}
