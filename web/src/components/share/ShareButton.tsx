import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { permission } from "../../api/userQueries";
import { Icon } from "../Icon";
import { useUser } from "../session/useSession";

const ShareDialog = lazy(async () => ({ default: (await import("./ShareDialog")).ShareDialog }));

export interface Shared {
  type: "experiment" | "registered_model" | "prompt";
  id: string;
  name: string;
}

/** Leads to who can see a resource, for those who may change that. */
export function ShareButton(resource: Shared) {
  const username = useUser()?.username ?? "";
  const { data } = useQuery({
    ...permission(username, resource.type, resource.id),
    enabled: username !== "",
  });
  const [open, setOpen] = useState(false);
  if (data !== "MANAGE") return null;
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}>
        <Icon name="share" size={14} /> Share
      </button>
      {open && (
        <Suspense>
          <ShareDialog {...resource} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
