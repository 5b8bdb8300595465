import { useQueryClient } from "@tanstack/react-query";
import { describePrompt, type Prompt } from "../../api/genai/prompts";
import { deleteRegisteredModelTag, setRegisteredModelTag } from "../../api/registry";
import { NoteEditor } from "../../components/notes/NoteEditor";
import { TagCard } from "../../components/TagCard";

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
      <div className="model-notes">
        <section className="card">
          <div className="card-head">
            <h2>Description</h2>
          </div>
          <div className="card-body">
            <NoteEditor
              note={prompt.description}
              subject={prompt.name}
              save={async (note) => {
                await describePrompt(prompt.name, note);
                await refresh();
              }}
            />
          </div>
        </section>
        <TagCard
          tags={prompt.tags}
          editable
          set={(key, value) => setRegisteredModelTag(prompt.name, key, value)}
          remove={(key) => deleteRegisteredModelTag(prompt.name, key)}
          refresh={refresh}
        />
      </div>
    </details>
  );
}
