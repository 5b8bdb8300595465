import { setTheme, type Theme, useTheme } from "../lib/browser/theme";
import { Icon, type IconName } from "./Icon";

const choices: { theme: Theme; label: string; icon: IconName }[] = [
  { theme: "system", label: "System", icon: "monitor" },
  { theme: "light", label: "Light", icon: "sun" },
  { theme: "dark", label: "Dark", icon: "moon" },
];

export function ThemeSwitch() {
  const current = useTheme();
  return (
    <fieldset className="segmented">
      <legend className="visually-hidden">Theme</legend>
      {choices.map(({ theme, label, icon }) => (
        <button
          key={theme}
          type="button"
          aria-pressed={theme === current}
          aria-label={`${label} theme`}
          title={`${label} theme`}
          onClick={() => setTheme(theme)}
        >
          <Icon name={icon} size={14} />
        </button>
      ))}
    </fieldset>
  );
}
