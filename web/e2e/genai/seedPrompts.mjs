// Prompts with versions and aliases, as MLflow's client registers them.
import { call } from "../call.mjs";

const isPrompt = { key: "mlflow.prompt.is_prompt", value: "true" };

/** Adds a version: a text, or a list of messages. */
export async function addVersion(name, template, { message, tags = {}, config } = {}) {
  const chat = Array.isArray(template);
  const { model_version: version } = await call("model-versions/create", {
    name,
    source: "dummy-source",
    description: message,
    tags: [
      isPrompt,
      { key: "mlflow.prompt.text", value: chat ? JSON.stringify(template) : template },
      { key: "_mlflow_prompt_type", value: chat ? "chat" : "text" },
      ...(config ? [{ key: "_mlflow_prompt_model_config", value: JSON.stringify(config) }] : []),
      ...Object.entries(tags).map(([key, value]) => ({ key, value })),
    ],
  });
  return version.version;
}

export async function createPrompt(name, { experimentID, tags = {} } = {}) {
  await call("registered-models/create", {
    name,
    tags: [
      isPrompt,
      ...(experimentID ? [{ key: "_mlflow_experiment_ids", value: `,${experimentID},` }] : []),
      ...Object.entries(tags).map(([key, value]) => ({ key, value })),
    ],
  });
}

/** A prompt of three versions: two texts and a conversation. The second has the alias production. */
export async function seedPrompt(name, options = {}) {
  await createPrompt(name, { tags: { team: "support" }, ...options });
  await addVersion(name, "Answer the question in {{ sentences }} sentences.\n\nQuestion: {{ question }}", {
    message: "First version",
  });
  await addVersion(
    name,
    "Answer the question briefly, in {{ sentences }} sentences.\n\nQuestion: {{ question }}",
    {
      message: "Shorter answers, because the reviewers asked for them",
      tags: { reviewed: "yes" },
      config: { model_name: "gpt-5", temperature: 0.2 },
    },
  );
  await addVersion(
    name,
    [
      {
        role: "system",
        content: "You are a {{ tone }} support agent.\nNever promise refunds. <img src=x onerror=alert(1)>",
      },
      { role: "user", content: "{{ question }}" },
    ],
    { message: "As a conversation" },
  );
  await call("registered-models/alias", { name, alias: "production", version: "2" });
}
