import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { Keys } from "../HelpDialog";
import { Icon } from "../Icon";
import { useCommands } from "./useCommands";
import "./commands.css";

interface CommandPaletteProps {
  onClose: () => void;
  showHelp: () => void;
}

/** One field that leads to every experiment, run, model, page and action. */
export function CommandPalette({ onClose, showHelp }: CommandPaletteProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const listID = useId();
  const { commands, pending } = useCommands(query, showHelp);
  const current = Math.min(at, commands.length - 1);
  useLayoutEffect(() => {
    const box = dialog.current;
    box?.showModal();
    return () => box?.close(); // Only a dialog that is closed gives the focus back.
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the element to show is the current one
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const run = (index: number) => {
    const command = commands[index];
    if (!command) return;
    onClose();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const last = commands.length - 1;
    const moves: Record<string, number> = {
      ArrowDown: current >= last ? 0 : current + 1,
      ArrowUp: current <= 0 ? last : current - 1,
      PageDown: Math.min(last, current + 8),
      PageUp: Math.max(0, current - 8),
    };
    const next = moves[event.key];
    if (next !== undefined) setAt(next);
    else if (event.key === "Enter") run(current);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} className="dialog commands" aria-label="Command palette" onClose={onClose}>
      <div className="commands-field">
        <Icon name="search" />
        <input
          autoFocus
          role="combobox"
          aria-label="Search everything"
          aria-expanded={commands.length > 0}
          aria-controls={listID}
          aria-activedescendant={commands[current] && `${listID}-${current}`}
          aria-autocomplete="list"
          placeholder="Search experiments, runs, models, pages and actions"
          value={query}
          maxLength={200}
          autoComplete="off"
          spellCheck={false}
          onChange={(e) => {
            setQuery(e.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <div ref={list} id={listID} role="listbox" aria-label="Results" className="commands-list">
        {commands.map((command, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys of the list
          <div
            key={command.id}
            id={`${listID}-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === current}
            className="commands-item"
            onClick={() => run(i)}
            onMouseMove={() => setAt(i)}
          >
            <span className="truncate" title={command.title}>
              {command.title}
            </span>
            <span className="commands-end muted">
              {command.keys && <Keys text={command.keys} />}
              {command.kind}
            </span>
          </div>
        ))}
      </div>
      <p className="commands-note muted" role="status">
        {commands.length === 0 && (pending ? "Searching…" : `Nothing has “${query.trim()}” in its name.`)}
      </p>
    </dialog>
  );
}
