import { useQueryClient } from "@tanstack/react-query";
import type { Prompt } from "../../api/genai/prompts";
import { RegistryNotes } from "../../components/notes/RegistryNotes";

/** The description and the tags of a prompt as a whole. */
export function PromptAbout({ prompt }: { prompt: Prompt }) {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: ["prompts"] });
  return (
    <details className="prompt-about">
      <summary className="truncate">
        About the prompt{" "}
        <span className="muted">
          {[
            // MLflow's client makes the first commit message the description.
            prompt.description.split("\n")[0] || "no description",
            ...Object.entries(prompt.tags)
              .slice(0, 5)
              .map(([key, value]) => `${key}: ${value}`),
          ].join(" · ")}
        </span>
      </summary>
      <RegistryNotes of={prompt} refresh={refresh} />
    </details>
  );
}
