import { Icon } from "../../components/Icon";
import { parentOf, type SharedFile } from "../../lib/compare/artifacts";

interface ArtifactListProps {
  folder: string;
  entries: readonly SharedFile[];
  /** How many runs there are. */
  count: number;
  chosen: string | undefined;
  choose: (path: string) => void;
}

/** The files of a folder, with how many runs have each. */
export function ArtifactList({ folder, entries, count, chosen, choose }: ArtifactListProps) {
  return (
    <nav className="card artifact-list" aria-label="Files of the runs">
      {folder !== "" && (
        <button
          type="button"
          className="artifact-entry"
          onClick={() => choose(parentOf(folder) && `${parentOf(folder)}/`)}
          aria-label={`Leave the folder ${folder}`}
        >
          <Icon name="folder" size={14} />
          <span className="truncate" title={folder}>
            ‹ {folder}
          </span>
        </button>
      )}
      <ul>
        {entries.map((entry) => (
          <li key={`${entry.isDir} ${entry.path}`}>
            <button
              type="button"
              className="artifact-entry"
              aria-pressed={entry.path === chosen}
              onClick={() => choose(entry.isDir ? `${entry.path}/` : entry.path)}
            >
              <Icon name={entry.isDir ? "folder" : "file"} size={14} />
              <span className="truncate" title={entry.path}>
                {entry.name}
              </span>
              <span className="muted number">
                {entry.count} of {count}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {entries.length === 0 && <p className="muted">The folder is empty.</p>}
    </nav>
  );
}
