import { Link } from "@tanstack/react-router";
import { ChangeLog } from "./ChangeLog";
import type { MonitorTabProps } from "./monitorTab";

/** Who moved which version or alias, when, and why. */
export function TransitionsTab({ monitored, move }: MonitorTabProps) {
  const { name } = monitored.model;
  const none = monitored.versions.length === 0;
  return (
    <>
      <div className="toolbar">
        <button type="button" className="button" disabled={none} onClick={() => move("stage")}>
          Move to a stage…
        </button>
        <button type="button" className="button" disabled={none} onClick={() => move("alias")}>
          Set an alias…
        </button>
      </div>
      <ChangeLog
        name={name}
        version={(version) =>
          monitored.versions.some((v) => v.version === version) ? (
            <Link to="/models/$modelName/versions/$version" params={{ modelName: name, version }}>
              {version}
            </Link>
          ) : (
            version
          )
        }
      />
    </>
  );
}
