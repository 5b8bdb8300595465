import { Icon } from "../../components/Icon";
import { MenuItem, Popover } from "../../components/Popover";
import type { TransitionKind } from "./TransitionDialogs";

interface VersionMenuProps {
  version: string;
  move: (kind: TransitionKind, version: string) => void;
  onDelete: () => void;
}

export function VersionMenu({ version, move, onDelete }: VersionMenuProps) {
  return (
    <Popover
      kind="menu"
      label={`Actions for version ${version}`}
      trigger={<Icon name="more" />}
      triggerClass="icon-button"
    >
      {(close) => {
        const choose = (action: () => void) => () => {
          close();
          action();
        };
        return (
          <>
            <MenuItem onSelect={choose(() => move("stage", version))}>
              <Icon name="model" size={14} /> Move to a stage…
            </MenuItem>
            <MenuItem onSelect={choose(() => move("alias", version))}>
              <Icon name="link" size={14} /> Set an alias…
            </MenuItem>
            <MenuItem danger onSelect={choose(onDelete)}>
              <Icon name="trash" size={14} /> Delete…
            </MenuItem>
          </>
        );
      }}
    </Popover>
  );
}
