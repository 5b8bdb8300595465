import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { trackingURI } from "../../api/client";
import { promptList } from "../../api/genai/prompts";
import { experimentList, registeredModelList, runDetail, runsNamed } from "../../api/queries";
import { copyText } from "../../lib/browser/clipboard";
import { useDebounced } from "../../lib/browser/hooks";
import { setTheme, type Theme } from "../../lib/browser/theme";
import { type Command, findCommands, isRunID } from "../../lib/text/commands";
import { goToPages, goToParts, type KeyTarget } from "../../lib/text/keys";
import { useUser } from "../session/useSession";

const perKind = 8;
const themes: [Theme, string, string][] = [
  ["dark", "Dark theme", "night appearance colour"],
  ["light", "Light theme", "day appearance colour"],
  ["system", "Theme of the system", "appearance colour automatic"],
];

/** The commands that fit a query: pages and actions, then what the server finds. */
export function useCommands(query: string, showHelp: () => void) {
  const text = useDebounced(query.trim(), 150);
  const fixed = useFixedCommands(showHelp);
  const { found, pending } = useFound(text);
  const commands = useMemo(
    () => [
      ...findCommands(found, text, 5 * perKind),
      ...findCommands(fixed, query, query.trim() ? perKind : 20),
    ],
    [found, fixed, text, query],
  );
  return { commands, pending };
}

function useFixedCommands(showHelp: () => void): Command[] {
  const navigate = useNavigate();
  const user = useUser();
  const { experimentID } = useParams({ strict: false }) as { experimentID?: string };
  return useMemo(() => {
    const page = (title: string, to: string, words = ""): Command => ({
      id: `page ${to}`,
      title,
      kind: "Page",
      words,
      keys: goToPages.find((target) => target.to === to)?.keys,
      run: () => void navigate({ to } as never),
    });
    const part = ({ keys, title, to, search = {} }: KeyTarget): Command => ({
      id: `part ${keys}`,
      title: `${title} of this experiment`,
      kind: "Page",
      keys,
      run: () => void navigate({ to, params: { experimentID }, search } as never),
    });
    const action = (title: string, words: string, run: () => void, keys?: string): Command => ({
      id: `action ${title}`,
      title,
      kind: "Action",
      words,
      keys,
      run,
    });
    return [
      page("Home", "/", "start recent"),
      page("Experiments", "/experiments"),
      page("Models", "/models", "registry registered"),
      page("Prompts", "/prompts", "templates genai"),
      page("Trash", "/trash", "deleted restore purge"),
      page("Settings", "/settings", "preferences units density server version keys"),
      page("Webhooks", "/settings/webhooks", "events notifications deliveries"),
      ...(user ? [page("Account", "/account", "tokens password")] : []),
      ...(user?.isAdmin
        ? [
            page("Users", "/admin"),
            page("Roles", "/admin/roles", "groups"),
            page("Audit log", "/admin/audit"),
          ]
        : []),
      ...(experimentID === undefined ? [] : goToParts.map(part)),
      ...themes.map(([theme, title, words]) => action(title, words, () => setTheme(theme))),
      action(
        "Copy the tracking URI",
        "MLFLOW_TRACKING_URI address server",
        () => void copyText(trackingURI()),
      ),
      action("Keyboard and filter help", "shortcuts keys grammar map", showHelp, "?"),
    ];
  }, [navigate, user, showHelp, experimentID]);
}

/** Experiments, models and runs whose names contain the text, and the run with an ID. */
function useFound(text: string) {
  const navigate = useNavigate();
  const enabled = text !== "";
  const experiments = useInfiniteQuery({
    ...experimentList({ text, viewType: "ACTIVE_ONLY", orderBy: "last_update_time DESC" }),
    refetchInterval: false,
    enabled,
  });
  const models = useInfiniteQuery({ ...registeredModelList(text), enabled });
  const prompts = useInfiniteQuery({
    ...promptList(`"${text}"`, "", "last_updated_timestamp DESC"),
    enabled,
  });
  const byID = useQuery({ ...runDetail(text), enabled: isRunID(text), retry: false });
  const runs = useQuery({ ...runsNamed(text, perKind), enabled: enabled && !isRunID(text) });
  const found = useMemo(() => {
    const list: Command[] = [];
    for (const e of experiments.data?.pages[0]?.experiments.slice(0, perKind) ?? []) {
      list.push({
        id: `experiment ${e.id}`,
        title: e.name,
        kind: "Experiment",
        run: () => void navigate({ to: "/experiments/$experimentID", params: { experimentID: e.id } }),
      });
    }
    for (const m of models.data?.pages[0]?.models.slice(0, perKind) ?? []) {
      list.push({
        id: `model ${m.name}`,
        title: m.name,
        kind: "Model",
        run: () => void navigate({ to: "/models/$modelName", params: { modelName: m.name } }),
      });
      for (const v of m.latest) {
        list.push({
          id: `version ${m.name} ${v.version}`,
          title: `${m.name} version ${v.version}`,
          kind: "Version",
          run: () =>
            void navigate({
              to: "/models/$modelName/versions/$version",
              params: { modelName: m.name, version: v.version },
            }),
        });
      }
    }
    for (const p of prompts.data?.pages[0]?.prompts.slice(0, perKind) ?? []) {
      list.push({
        id: `prompt ${p.name}`,
        title: p.name,
        kind: "Prompt",
        run: () => void navigate({ to: "/prompts/$promptName", params: { promptName: p.name } }),
      });
    }
    for (const r of [...(byID.data ? [byID.data] : []), ...(runs.data ?? [])]) {
      list.push({
        id: `run ${r.id}`,
        title: r.name,
        kind: "Run",
        words: r.id,
        run: () =>
          void navigate({
            to: "/experiments/$experimentID/runs/$runID",
            params: { experimentID: r.experimentID, runID: r.id },
          }),
      });
    }
    return enabled ? list : [];
  }, [experiments.data, models.data, prompts.data, byID.data, runs.data, navigate, enabled]);
  const pending =
    enabled &&
    (experiments.isFetching || models.isFetching || prompts.isFetching || runs.isFetching || byID.isFetching);
  return { found, pending };
}
