import { type Permission, permissionLabels, possible } from "../../lib/accounts/grants";

interface PermissionSelectProps {
  /** Accessible name, such as "Permission of ann". */
  label: string;
  type: string;
  value: Permission;
  disabled?: boolean;
  onChange: (permission: Permission) => void;
}

export function PermissionSelect({ label, type, value, disabled, onChange }: PermissionSelectProps) {
  return (
    <select
      className="input"
      aria-label={label}
      value={value}
      disabled={disabled}
      onChange={(e) => onChange(e.target.value as Permission)}
    >
      {possible(type, value).map((permission) => (
        <option key={permission} value={permission}>
          {permissionLabels[permission]}
        </option>
      ))}
    </select>
  );
}
