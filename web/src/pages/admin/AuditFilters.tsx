import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useId, useState } from "react";
import { userList } from "../../api/userQueries";
import { type AuditEntry, type AuditFilter, actionGroups, results } from "../../lib/accounts/audit";
import { useDeferredText } from "../../lib/browser/hooks";

interface AuditFiltersProps {
  filter: AuditFilter;
  /** What is shown now. Its actions and results can be chosen, too. */
  entries: readonly AuditEntry[];
  change: (part: Partial<AuditFilter>, how?: "push" | "replace") => void;
  clear: () => void;
}

/** The fields that choose entries of the audit log. */
export function AuditFilters({ filter, entries, change, clear }: AuditFiltersProps) {
  const known = actionGroups.flatMap((group) => Object.keys(group.actions));
  const actions = others(known, [filter.action, ...entries.map((e) => e.action)]);
  const codes = [...results, ...others(results, [filter.result, ...entries.map((e) => e.result)])];
  return (
    <search className="toolbar audit-filters">
      <UserField user={filter.user} store={(user) => change({ user })} />
      <Choice label="Action" value={filter.action} onChange={(action) => change({ action })}>
        {actionGroups.map(({ label, actions }) => (
          <optgroup key={label} label={label}>
            {Object.entries(actions).map(([action, words]) => (
              <option key={action} value={action} title={action}>
                {words}
              </option>
            ))}
          </optgroup>
        ))}
        {actions.length > 0 && <optgroup label="Others">{actions.map(option)}</optgroup>}
      </Choice>
      <Choice label="Result" value={filter.result} onChange={(result) => change({ result })}>
        {codes.map(option)}
      </Choice>
      <DayField label="From" day={filter.from} store={(from) => change({ from }, "replace")} />
      <DayField label="To" day={filter.to} store={(to) => change({ to }, "replace")} />
      {Object.values(filter).some(Boolean) && (
        <button type="button" className="button" onClick={clear}>
          Clear
        </button>
      )}
    </search>
  );
}

const option = (value: string) => (
  <option key={value} value={value}>
    {value}
  </option>
);

/** The values that are not known, once each. */
const others = (known: readonly string[], values: readonly string[]) =>
  [...new Set(values)].filter((value) => value !== "" && !known.includes(value)).sort();

interface ChoiceProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  children: ReactNode;
}

function Choice({ label, value, onChange, children }: ChoiceProps) {
  return (
    <label>
      <span>{label}</span>
      <select className="input" value={value} onChange={(e) => onChange(e.target.value)}>
        <option value="">Any</option>
        {children}
      </select>
    </label>
  );
}

/**
 * A field for a name, also of a user who does not exist. The server compares whole names, so a name counts
 * once it is complete: chosen, that of a user, or left with Enter or otherwise.
 */
function UserField({ user, store }: { user: string; store: (user: string) => void }) {
  const id = useId();
  const [text, setText] = useState(user);
  useEffect(() => setText(user), [user]);
  const { data: users = [] } = useQuery(userList());
  const settle = (name: string) => name !== user && store(name);
  return (
    <label>
      <span>User</span>
      <input
        className="input"
        list={id}
        value={text}
        placeholder="Anybody"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        onChange={({ target: { value } }) => {
          setText(value);
          if (value === "" || users.some((u) => u.username === value)) settle(value);
        }}
        onKeyDown={(e) => e.key === "Enter" && settle(text)}
        onBlur={() => settle(text)}
      />
      <datalist id={id}>
        {users.map(({ username }) => (
          <option key={username} value={username} />
        ))}
      </datalist>
    </label>
  );
}

function DayField({ label, day, store }: { label: string; day: string; store: (day: string) => void }) {
  const [text, setText] = useDeferredText(day, store);
  return (
    <label>
      <span>{label}</span>
      <input type="date" className="input" value={text} onChange={(e) => setText(e.target.value)} />
    </label>
  );
}
