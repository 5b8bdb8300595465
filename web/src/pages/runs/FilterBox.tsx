import {
  type KeyboardEvent,
  type Ref,
  useEffect,
  useId,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from "react";
import { flushSync } from "react-dom";
import { ApiError } from "../../api/client";
import type { Run } from "../../api/runs";
import { Icon } from "../../components/Icon";
import { isUserTag, keysOf } from "../../lib/columns";
import { type Completion, complete, type FilterKeys, markPosition } from "../../lib/filter";
import "./filter.css";

/** The server's complaint about a filter, if that is what went wrong. */
export function filterFault(error: unknown): ApiError | undefined {
  return error instanceof ApiError && error.status === 400 ? error : undefined;
}

interface FilterBoxProps {
  filter: string;
  runs: readonly Run[];
  fault: ApiError | undefined;
  apply: (filter: string) => void;
  ref?: Ref<HTMLInputElement>;
}

/** The run filter: MLflow's grammar, with completion of what occurs in the loaded runs. */
export function FilterBox({ filter, runs, fault, apply, ref }: FilterBoxProps) {
  const [text, setText] = useState(filter);
  const [completion, setCompletion] = useState<Completion>();
  const [marked, setMarked] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const listID = useId();
  const faultID = useId();
  const keys = useFilterKeys(runs);
  useImperativeHandle(ref, () => input.current!);
  useEffect(() => setText(filter), [filter]);

  const suggest = (value: string, cursor: number) => {
    setCompletion(complete(value, cursor, keys));
    setMarked(-1);
  };
  const insert = (option: string) => {
    if (!completion) return;
    const next = `${text.slice(0, completion.from)}${option} ${text.slice(completion.to).trimStart()}`;
    const cursor = completion.from + option.length + 1;
    // The next key may come at once, so the cursor must be in place before this handler ends.
    flushSync(() => {
      setText(next);
      suggest(next, cursor);
    });
    input.current?.focus();
    input.current?.setSelectionRange(cursor, cursor);
  };
  const submit = (value: string) => {
    setCompletion(undefined);
    apply(value.trim());
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const options = completion?.options ?? [];
    if (event.key === "Escape") {
      if (completion) setCompletion(undefined);
      else input.current?.blur();
    } else if (event.key === "Enter") {
      if (marked >= 0 && options[marked]) insert(options[marked]);
      else submit(text);
    } else if (event.key === "Tab" && options.length > 0 && !event.shiftKey && text !== filter) {
      insert(options[Math.max(marked, 0)]!);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (options.length === 0) suggest(text, input.current?.selectionStart ?? text.length);
      else {
        const step = event.key === "ArrowDown" ? 1 : -1;
        setMarked((marked + step + options.length) % options.length);
      }
    } else return;
    event.preventDefault();
  };

  const showFault = fault && text === filter;
  const optionID = (i: number) => `${listID}-${i}`;
  return (
    <div className="filter">
      <div className="input-icon">
        <Icon name="filter" size={14} />
        <input
          ref={input}
          className="input mono"
          role="combobox"
          aria-label="Filter runs"
          aria-expanded={completion !== undefined}
          aria-controls={listID}
          aria-autocomplete="list"
          aria-activedescendant={marked >= 0 ? optionID(marked) : undefined}
          aria-invalid={showFault ? true : undefined}
          aria-describedby={showFault ? faultID : undefined}
          placeholder="Filter, as in  metrics.loss < 0.3 AND params.lr = '0.01'   ( / )"
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(e) => {
            setText(e.target.value);
            suggest(e.target.value, e.target.selectionStart ?? e.target.value.length);
          }}
          onClick={() => !text && suggest("", 0)}
          onBlur={() => setCompletion(undefined)}
          onKeyDown={onKeyDown}
        />
        {text !== filter && <span className="filter-hint">Enter applies</span>}
        {text === filter && filter && (
          <button
            type="button"
            className="icon-button filter-clear"
            aria-label="Clear filter"
            onClick={() => submit("")}
          >
            <Icon name="close" size={12} />
          </button>
        )}
      </div>
      {completion && (
        <div id={listID} className="filter-options" role="listbox" aria-label="Completions">
          {completion.options.map((option, i) => (
            <OptionRow
              key={option}
              id={optionID(i)}
              option={option}
              marked={i === marked}
              choose={() => insert(option)}
            />
          ))}
        </div>
      )}
      {showFault && <Fault id={faultID} filter={filter} fault={fault} />}
    </div>
  );
}

interface OptionRowProps {
  id: string;
  option: string;
  marked: boolean;
  choose: () => void;
}

function OptionRow({ id, option, marked, choose }: OptionRowProps) {
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (marked) row.current?.scrollIntoView({ block: "nearest" });
  }, [marked]);
  return (
    <div
      ref={row}
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={marked}
      className="filter-option mono"
      // The press would take the focus out of the input and close the list before the click arrives.
      onMouseDown={(e) => {
        e.preventDefault();
        choose();
      }}
    >
      {option}
    </div>
  );
}

/** The message, and the filter with the faulty place marked. */
function Fault({ id, filter, fault }: { id: string; filter: string; fault: ApiError }) {
  const place = fault.position === undefined ? undefined : markPosition(filter, fault.position);
  return (
    <div id={id} className="filter-fault" role="alert">
      <p>{fault.message}</p>
      {place && (
        <pre>
          {place.before}
          <mark>{place.at || " "}</mark>
          {place.after}
          {"\n"}
          <span aria-hidden="true">
            {" ".repeat([...place.before, ...(/^\s*/.exec(place.at)?.[0] ?? "")].length)}^
          </span>
          <span className="visually-hidden">
            The fault is at character {(fault.position ?? 0) + 1} of the filter.
          </span>
        </pre>
      )}
    </div>
  );
}

const maxValues = 40;

function useFilterKeys(runs: readonly Run[]): FilterKeys {
  return useMemo(() => {
    const values: Record<string, Set<string>> = {};
    const note = (key: string, value: string) => {
      values[key] ??= new Set();
      if (values[key].size < maxValues && value.length < 100) values[key].add(value);
    };
    for (const run of runs) {
      for (const key in run.params) note(`params.${key}`, run.params[key]!);
      for (const key in run.tags) note(`tags.${key}`, run.tags[key]!);
    }
    const tags = keysOf(runs, "tags");
    return {
      metrics: keysOf(runs, "metrics"),
      params: keysOf(runs, "params"),
      tags: [...tags.filter(isUserTag), ...tags.filter((key) => !isUserTag(key))],
      values: Object.fromEntries(Object.entries(values).map(([key, set]) => [key, [...set].sort()])),
    };
  }, [runs]);
}
