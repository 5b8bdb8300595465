import { Link } from "@tanstack/react-router";

/** A registered version by its name and number. */
export function VersionLink({ name, version }: { name: string; version: string }) {
  return (
    <Link
      to="/models/$modelName/versions/$version"
      params={{ modelName: name, version }}
      className="truncate"
      title={`${name} version ${version}`}
    >
      {name} version {version}
    </Link>
  );
}
