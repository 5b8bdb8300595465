import { eventGroups, eventName, eventWords, type HookEvent } from "../../lib/webhooks/events";

interface EventPickerProps {
  all: readonly HookEvent[];
  /** The names of the chosen events. */
  chosen: ReadonlySet<string>;
  choose: (chosen: ReadonlySet<string>) => void;
}

/** Boxes for the events of a webhook, in groups. */
export function EventPicker({ all, chosen, choose }: EventPickerProps) {
  const set = (events: readonly HookEvent[], on: boolean) => {
    const next = new Set(chosen);
    for (const name of events.map(eventName)) {
      if (on) next.add(name);
      else next.delete(name);
    }
    choose(next);
  };
  return (
    <div className="event-groups">
      {eventGroups(all, chosen).map(({ title, events }) => {
        const every = events.every((e) => chosen.has(eventName(e)));
        return (
          <fieldset key={title} className="event-group">
            <legend>
              {title}
              <button type="button" className="link-button" onClick={() => set(events, !every)}>
                {every ? "None" : "All"}
                <span className="visually-hidden"> of {title}</span>
              </button>
            </legend>
            {events.map((event) => (
              <label key={eventName(event)} className="check" title={eventName(event)}>
                <input
                  type="checkbox"
                  checked={chosen.has(eventName(event))}
                  onChange={(e) => set([event], e.target.checked)}
                />
                {eventWords(event)}
              </label>
            ))}
          </fieldset>
        );
      })}
    </div>
  );
}
