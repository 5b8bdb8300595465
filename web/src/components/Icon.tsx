// Line icons on a 16 px grid. They are decoration: the text or label beside them carries the meaning.
const shapes = {
  check: "M3.5 8.5l3 3 6-7",
  chevron: "M6 4l4 4-4 4",
  close: "M4 4l8 8M12 4l-8 8",
  columns: "M2.5 3.5h11v9h-11zM6.2 3.5v9M9.8 3.5v9",
  copy: "M5.5 5.5h7v7h-7zM3.5 10.5v-7h7",
  download: "M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13.5h10",
  expand: "M9.5 2.5h4v4M13.5 2.5L9 7M6.5 13.5h-4v-4M2.5 13.5L7 9",
  eye: "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8zM8 9.8a1.8 1.8 0 100-3.6 1.8 1.8 0 000 3.6z",
  "eye-off": "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8zM3 13L13 3",
  file: "M4 2.5h5l3 3v8H4zM9 2.5v3h3",
  filter: "M2.5 3.5h11L9.3 8.6v4.2l-2.6-1.3V8.6z",
  folder: "M2.5 4h4l1.2 1.5h5.8v7h-11z",
  help: "M6.2 6.2a1.8 1.8 0 113 1.4c-.8.6-1.2.9-1.2 1.9M8 11.9v.1M8 14A6 6 0 108 2a6 6 0 000 12z",
  lines: "M2 11.5c3 0 4-7.5 7-7.5s2.5 3 5 3M2 13.5c4 0 5-5 7.5-5s2 2.5 4.5 2.5",
  link: "M6.8 9.2l2.4-2.4M7.2 4.8l1-1a2.6 2.6 0 013.7 3.7l-1.2 1.2M8.8 11.2l-1 1a2.6 2.6 0 01-3.7-3.7l1.2-1.2",
  model: "M8 2l5.5 3v6L8 14l-5.5-3V5zM2.5 5L8 8l5.5-3M8 8v6",
  monitor: "M2.5 3.5h11v7h-11zM6 13h4",
  moon: "M13 9.5A5.5 5.5 0 016.5 3a5.5 5.5 0 106.5 6.5z",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  pencil: "M3 13l.6-2.8 7-7 2.2 2.2-7 7zM9.2 4.6l2.2 2.2",
  play: "M5 3.5l7 4.5-7 4.5z",
  pin: "M6 2.5h4l-.6 4 2.1 2.2h-7l2.1-2.2zM8 8.7v4.8",
  plus: "M8 3v10M3 8h10",
  refresh: "M13 8a5 5 0 11-1.5-3.6M13 2.5v3h-3",
  restore: "M3 8a5 5 0 101.5-3.6M3 2.5v3h3",
  search: "M7 11.5a4.5 4.5 0 100-9 4.5 4.5 0 000 9zM10.3 10.3L13.5 13.5",
  settings:
    "M2.5 4.5h6M11.5 4.5h2M10 6a1.5 1.5 0 100-3 1.5 1.5 0 000 3zM2.5 11.5h2M7.5 11.5h6M6 13a1.5 1.5 0 100-3 1.5 1.5 0 000 3z",
  share:
    "M6 7.2a2.2 2.2 0 100-4.4 2.2 2.2 0 000 4.4zM1.8 13.2c0-2.4 1.8-3.9 4.2-3.9s4.2 1.5 4.2 3.9M12.5 5.5v5M10 8h5",
  sun: "M8 10.8a2.8 2.8 0 100-5.6 2.8 2.8 0 000 5.6zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  trash: "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9",
  user: "M8 8a2.6 2.6 0 100-5.2A2.6 2.6 0 008 8zM3 13.4c0-2.6 2.2-3.9 5-3.9s5 1.3 5 3.9",
  warning: "M8 2.5l6 11H2zM8 6.5v3.2M8 11.6v.1",
};

export type IconName = keyof typeof shapes;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={shapes[name]} />
    </svg>
  );
}
