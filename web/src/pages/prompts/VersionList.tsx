import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useId, useRef } from "react";
import type { Prompt, PromptVersion } from "../../api/genai/prompts";
import { RelativeTime } from "../../components/Values";
import { useHotkeys } from "../../lib/browser/hooks";
import { AliasChip } from "../registry/Chips";

interface VersionListProps {
  prompt: Prompt;
  versions: readonly PromptVersion[];
  /** The number of the selected version. */
  selected: string;
  select: (version: string) => void;
  onEnd: () => void;
}

const rowHeight = 60;

/** The versions with their messages and aliases, the newest first. */
export function VersionList({ prompt, versions, selected, select, onEnd }: VersionListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const at = versions.findIndex((v) => v.version === selected);
  const virtual = useVirtualizer({
    count: versions.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    getItemKey: (i) => versions[i]!.version,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= versions.length - 10) onEnd();
  }, [last, versions.length, onEnd]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new selection is brought into sight
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [selected]);
  const go = (step: number) => {
    const next = versions[Math.max(0, Math.min(versions.length - 1, at + step))];
    if (next) select(next.version);
  };
  useHotkeys({ j: () => go(1), ArrowDown: () => go(1), k: () => go(-1), ArrowUp: () => go(-1) });
  return (
    <div
      ref={scroller}
      className="card version-list"
      role="listbox"
      aria-label="Versions"
      tabIndex={0}
      aria-activedescendant={items.some((v) => v.index === at) ? `${id}-${selected}` : undefined}
    >
      <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {items.map((v) => {
          const version = versions[v.index]!;
          const aliases = prompt.aliases.filter((a) => a.version === version.version);
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys of the list are those of the page
            <div
              key={v.key}
              id={`${id}-${version.version}`}
              role="option"
              aria-selected={version.version === selected}
              className={version.version === selected ? "version-row selected" : "version-row"}
              style={{ transform: `translateY(${v.start}px)` }}
              onClick={() => select(version.version)}
            >
              <span className="version-line">
                <strong className="number">v{version.version}</strong>
                {v.index === 0 && <span className="badge">newest</span>}
                <span className="version-aliases">
                  {aliases.map(({ alias }) => (
                    <AliasChip key={alias} alias={alias} />
                  ))}
                </span>
                <span className="spacer" />
                <span className="muted">
                  <RelativeTime timeMS={version.createdMS} />
                </span>
              </span>
              <span className="muted truncate" title={version.message}>
                {version.message || "No commit message"}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
