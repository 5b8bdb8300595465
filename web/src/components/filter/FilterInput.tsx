import { type KeyboardEvent, type Ref, useEffect, useId, useImperativeHandle, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { ApiError } from "../../api/client";
import { type Completion, markPosition } from "../../lib/runs/filter";
import { Icon } from "../Icon";
import "./filter.css";

/** The server's complaint about a filter, if that is what went wrong. */
export function filterFault(error: unknown): ApiError | undefined {
  return error instanceof ApiError && error.status === 400 ? error : undefined;
}

/** A place in the text that options are wanted for. */
export interface Place {
  text: string;
  cursor: number;
}

interface FilterInputProps {
  /** The accessible name, such as "Filter runs". */
  label: string;
  placeholder: string;
  filter: string;
  /** The filter that was sent: words have become comparisons in it. */
  sent: string;
  fault: ApiError | undefined;
  /** A key to add, when it changes. */
  insertion?: string | undefined;
  /** What could stand at a place. A new function makes options anew. */
  complete: (text: string, cursor: number) => Completion | undefined;
  /** Told where the cursor is while options are wanted, and undefined when they are not. */
  onPlace?: (place: Place | undefined) => void;
  apply: (filter: string) => void;
  ref?: Ref<HTMLInputElement> | undefined;
}

/** A filter in MLflow's grammar, with completion and with faults marked at their place. */
export function FilterInput(props: FilterInputProps) {
  const { label, placeholder, filter, sent, fault, insertion, complete, onPlace, apply, ref } = props;
  const [text, setText] = useState(filter);
  const [completion, setCompletion] = useState<Completion>();
  const [marked, setMarked] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const listID = useId();
  const faultID = useId();
  const [place, setPlace] = useState<Place>();
  useImperativeHandle(ref, () => input.current!);
  useEffect(() => setText(filter), [filter]);

  const suggest = (value: string, cursor: number) => {
    setPlace({ text: value, cursor });
    onPlace?.({ text: value, cursor });
    setCompletion(complete(value, cursor));
    setMarked(-1);
  };
  // Keys and values arrive after the cursor did.
  useEffect(() => {
    if (place && document.activeElement === input.current) {
      setCompletion(complete(place.text, place.cursor));
    }
  }, [complete, place]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a key is added once
  useEffect(() => {
    if (insertion === undefined) return;
    const before = text.trim();
    const next = `${before ? `${before} AND ` : ""}${insertion} `;
    setText(next);
    input.current?.focus();
    requestAnimationFrame(() => {
      input.current?.setSelectionRange(next.length, next.length);
      suggest(next, next.length);
    });
  }, [insertion]);
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
  const close = () => {
    setCompletion(undefined);
    setPlace(undefined);
    onPlace?.(undefined);
  };
  const submit = (value: string) => {
    close();
    apply(value.trim());
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const options = completion?.options ?? [];
    if (event.key === "Escape") {
      if (completion) close();
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
          aria-label={label}
          aria-expanded={completion !== undefined}
          aria-controls={listID}
          aria-autocomplete="list"
          aria-activedescendant={marked >= 0 ? optionID(marked) : undefined}
          aria-invalid={showFault ? true : undefined}
          aria-describedby={showFault ? faultID : undefined}
          placeholder={placeholder}
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(e) => {
            setText(e.target.value);
            suggest(e.target.value, e.target.selectionStart ?? e.target.value.length);
          }}
          onClick={() => !text && suggest("", 0)}
          onBlur={close}
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
      {showFault && <Fault id={faultID} filter={filter} sent={sent} fault={fault} />}
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
function Fault({ id, filter, sent, fault }: { id: string; filter: string; sent: string; fault: ApiError }) {
  // What was sent begins with the text unless words in it have become comparisons.
  const known = fault.position !== undefined && sent.startsWith(filter.trim());
  const place = known ? markPosition(filter, fault.position!) : undefined;
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
