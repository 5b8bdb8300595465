import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { Choice } from "../../components/Choice";
import { HelpDialog } from "../../components/HelpDialog";
import { PageHead } from "../../components/Page";
import { useUser } from "../../components/session/useSession";
import { useToast } from "../../components/Toasts";
import { RelativeTime } from "../../components/Values";
import { useTitle } from "../../lib/browser/hooks";
import { changePreferences, resetPreferences, usePreferences } from "../../lib/browser/preferences";
import { setTheme, type Theme, useTheme } from "../../lib/browser/theme";
import { formatBytes } from "../../lib/text/format";
import { refreshChoices } from "../../lib/text/preferences";
import { ServerCard } from "./ServerCard";
import { SettingsCard } from "./SettingsCard";
import "./settings.css";

const themes: [Theme, string][] = [
  ["system", "System"],
  ["light", "Light"],
  ["dark", "Dark"],
];

const zoneName = Intl.DateTimeFormat().resolvedOptions().timeZone;
const sampleBytes = 5_368_709_120;

/** How this browser shows things, and what the server is. */
export function SettingsPage() {
  useTitle("Settings");
  const toast = useToast();
  const reset = () => {
    resetPreferences();
    setTheme("system");
    toast("All settings of this browser are as they were at first");
  };
  return (
    <div className="page settings">
      <PageHead
        title="Settings"
        end={
          <button type="button" className="button" onClick={reset}>
            Reset all
          </button>
        }
      />
      <p className="muted">This browser keeps them. They apply to nobody else and to no other machine.</p>
      <Appearance />
      <Units />
      <Behaviour />
      <Tokens />
      <Webhooks />
      <ServerCard />
    </div>
  );
}

function Row({ name, children, note }: { name: string; children: ReactNode; note?: ReactNode }) {
  return (
    <div className="setting">
      <span>{name}</span>
      {children}
      {note && <span className="muted">{note}</span>}
    </div>
  );
}

function Appearance() {
  const { density } = usePreferences();
  return (
    <SettingsCard title="Appearance">
      <Row name="Theme">
        <Choice label="Theme" options={themes} value={useTheme()} choose={setTheme} />
      </Row>
      <Row name="Rows of tables">
        <Choice
          label="Rows of tables"
          options={[
            ["compact", "Compact"],
            ["comfortable", "Comfortable"],
          ]}
          value={density}
          choose={(density) => changePreferences({ density })}
        />
      </Row>
    </SettingsCard>
  );
}

function Units() {
  const { bytes, times, zone } = usePreferences();
  const [openedMS] = useState(() => Date.now());
  return (
    <SettingsCard title="Units">
      <Row name="Sizes" note={`5,368,709,120 bytes are ${formatBytes(sampleBytes)}`}>
        <Choice
          label="Sizes"
          options={[
            [1000, "kB, MB"],
            [1024, "KiB, MiB"],
          ]}
          value={bytes}
          choose={(bytes) => changePreferences({ bytes })}
        />
      </Row>
      <Row
        name="Times"
        note={
          <>
            This page was opened <RelativeTime timeMS={openedMS} />
          </>
        }
      >
        <Choice
          label="Times"
          options={[
            ["relative", "5 min ago"],
            ["absolute", "Date and time"],
          ]}
          value={times}
          choose={(times) => changePreferences({ times })}
        />
      </Row>
      <Row name="Time zone">
        <Choice
          label="Time zone"
          options={[
            ["local", `Local${zoneName ? ` (${zoneName})` : ""}`],
            ["utc", "UTC"],
          ]}
          value={zone}
          choose={(zone) => changePreferences({ zone })}
        />
      </Row>
    </SettingsCard>
  );
}

function Behaviour() {
  const { refreshS, singleKeys } = usePreferences();
  const [help, setHelp] = useState(false);
  return (
    <SettingsCard title="Behaviour">
      <Row name="Live pages ask the server" note="Each page can be paused by itself">
        <Choice
          label="Live pages ask the server"
          options={refreshChoices.map((s) => [s, `every ${s < 60 ? `${s} s` : `${s / 60} min`}`] as const)}
          value={refreshS}
          choose={(refreshS) => changePreferences({ refreshS })}
        />
      </Row>
      <Row
        name="Keys"
        note={
          <button type="button" className="link-button" onClick={() => setHelp(true)}>
            All keys
          </button>
        }
      >
        <Choice
          label="Keys"
          options={[
            [true, "Single keys act"],
            [false, "Only with Ctrl or Cmd"],
          ]}
          value={singleKeys}
          choose={(singleKeys) => changePreferences({ singleKeys })}
        />
      </Row>
      {help && <HelpDialog onClose={() => setHelp(false)} />}
    </SettingsCard>
  );
}

function Tokens() {
  const user = useUser();
  return (
    <SettingsCard title="Access tokens">
      {user ? (
        <p>
          You are <strong>{user.username}</strong>. <Link to="/account">Your account</Link> has your tokens,
          your permissions and your password.
        </p>
      ) : (
        <p>
          This server has no users. Its operator makes tokens for programs with{" "}
          <code>millrace tokens create --user you@example.org</code>.
        </p>
      )}
    </SettingsCard>
  );
}

/** Without users, everybody is an administrator. */
function Webhooks() {
  const user = useUser();
  return (
    <SettingsCard title="Webhooks">
      {user && !user.isAdmin ? (
        <p>Administrators choose which other programs the server tells of changes.</p>
      ) : (
        <p>
          The server tells other programs when a run ends, or a model or prompt changes.{" "}
          <Link to="/settings/webhooks" className="underlined">
            Webhooks
          </Link>{" "}
          says which ones.
        </p>
      )}
    </SettingsCard>
  );
}
