import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { KeyQuery } from "../../../api/runTable";
import { valuesOfColumn } from "../../../api/tableQueries";
import { Icon } from "../../../components/Icon";
import { Popover } from "../../../components/Popover";
import { SearchField } from "../../../components/SearchField";
import { statusLabels } from "../../../components/Values";
import { useDebounced } from "../../../lib/browser/hooks";
import { column } from "../../../lib/runs/columns";
import { allStates, type FilterChoice } from "../../../lib/table/filterText";

interface ChipsProps {
  choice: FilterChoice;
  /** The runs whose users and datasets are offered. */
  query: KeyQuery;
  change: (part: Partial<FilterChoice>) => void;
}

const spans: [string, string][] = [
  ["", "Any time"],
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
];

/** Filters that need no grammar: state, time, user, dataset. */
export function Chips({ choice, query, change }: ChipsProps) {
  const { states, since, user, dataset } = choice;
  const labels = states.map((s) => statusLabels[s as keyof typeof statusLabels]);
  return (
    <fieldset className="filter-chips">
      <legend className="visually-hidden">Quick filters</legend>
      <Chip label="State" value={labels.join(", ")} clear={() => change({ states: [] })}>
        {() =>
          allStates.map((s) => (
            <label key={s} className="check">
              <input
                type="checkbox"
                checked={states.includes(s)}
                onChange={(e) =>
                  change({
                    states: allStates.filter((x) => (x === s ? e.target.checked : states.includes(x))),
                  })
                }
              />
              {statusLabels[s]}
            </label>
          ))
        }
      </Chip>
      <Chip
        label="Started"
        value={since && (spans.find(([span]) => span === since)?.[1] ?? since)}
        clear={() => change({ since: "" })}
      >
        {(close) =>
          spans.map(([span, title]) => (
            <Choice
              key={span}
              title={title}
              on={span === since}
              choose={() => {
                close();
                change({ since: span });
              }}
            />
          ))
        }
      </Chip>
      <Chip label="User" value={user} clear={() => change({ user: "" })}>
        {(close) => (
          <Values
            of="user_id"
            query={query}
            value={user}
            choose={(value) => {
              close();
              change({ user: value });
            }}
          />
        )}
      </Chip>
      <Chip label="Dataset" value={dataset} clear={() => change({ dataset: "" })}>
        {(close) => (
          <Values
            of="dataset"
            query={query}
            value={dataset}
            choose={(value) => {
              close();
              change({ dataset: value });
            }}
          />
        )}
      </Chip>
    </fieldset>
  );
}

interface ChipProps {
  label: string;
  value: string;
  clear: () => void;
  children: (close: () => void) => React.ReactNode;
}

function Chip({ label, value, clear, children }: ChipProps) {
  return (
    <span className={value ? "filter-chip on" : "filter-chip"}>
      <Popover
        label={value ? `${label} filter: ${value}` : `${label} filter`}
        triggerClass="filter-chip-button"
        trigger={
          <>
            {value ? <span className="truncate">{`${label}: ${value}`}</span> : label}
            {!value && <span aria-hidden="true">▾</span>}
          </>
        }
      >
        {(close) => <div className="filter-chip-panel">{children(close)}</div>}
      </Popover>
      {value && (
        <button
          type="button"
          className="filter-chip-clear"
          aria-label={`Clear the filter on ${label.toLowerCase()}`}
          onClick={clear}
        >
          <Icon name="close" size={10} />
        </button>
      )}
    </span>
  );
}

interface ChoiceProps {
  title: string;
  on: boolean;
  runs?: number;
  choose: () => void;
}

function Choice({ title, on, runs, choose }: ChoiceProps) {
  return (
    <button type="button" className="menu-item" aria-pressed={on} onClick={choose}>
      <span className="menu-mark">{on ? "✓" : ""}</span>
      <span className="truncate" title={title}>
        {title}
      </span>
      {runs !== undefined && <span className="muted number filter-chip-count">{runs}</span>}
    </button>
  );
}

interface ValuesProps {
  of: "user_id" | "dataset";
  query: KeyQuery;
  value: string;
  choose: (value: string) => void;
}

/** The values that occur, the commonest first. */
function Values({ of, query, value, choose }: ValuesProps) {
  const [text, setText] = useState("");
  const { data, error } = useQuery(
    valuesOfColumn(query, column("attributes", of), useDebounced(text.trim())),
  );
  return (
    <>
      <SearchField label="Search values" value={text} onChange={setText} />
      {data?.map((v) => (
        <Choice
          key={v.value}
          title={v.value}
          runs={v.runs}
          on={v.value === value}
          choose={() => choose(v.value === value ? "" : v.value)}
        />
      ))}
      {data?.length === 0 && <p className="muted">{text ? "Nothing matches." : "The runs have none."}</p>}
      {error && <p className="muted">The values could not be loaded.</p>}
    </>
  );
}
