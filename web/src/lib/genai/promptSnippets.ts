// Code that loads a prompt.
import { isJinja, spelledVariables, type Template, templateText, variablesOf } from "./template";

export const promptLanguages = ["Python", "Go"] as const;
export type PromptLanguage = (typeof promptLanguages)[number];

export interface LoadedPrompt {
  server: string;
  name: string;
  /** The number of a version, or an alias with its "@". */
  reference: string;
  template: Template;
}

const quoted = (text: string) => JSON.stringify(text);

export const loadPrompt: Record<PromptLanguage, (prompt: LoadedPrompt) => string> = {
  Python: ({ server, name, reference, template }) => {
    const uri = `prompts:/${name}${reference.startsWith("@") ? "" : "/"}${reference}`;
    const values = variablesOf(template).map((v) => `    ${v.split(".")[0]}="…",\n`);
    const filled =
      values.length === 0 ? "prompt.format()" : `prompt.format(\n${[...new Set(values)].join("")})`;
    return `import mlflow

mlflow.set_tracking_uri(${quoted(server)})
prompt = mlflow.genai.load_prompt(${quoted(uri)})
${template.kind === "chat" ? "messages" : "text"} = ${filled}`;
  },

  Go: ({ server, name, reference, template }) => {
    const get = reference.startsWith("@")
      ? `client.ModelVersionByAlias(ctx, ${quoted(name)}, ${quoted(reference.slice(1))})`
      : `client.ModelVersion(ctx, ${quoted(name)}, ${quoted(reference)})`;
    // As they are spelled, with their spaces. Statements of Jinja2 need more than that.
    const variables = isJinja(templateText(template)) ? [] : spelledVariables(template);
    const pairs = variables.map((v) => `\t\t${quoted(v)}, "…",\n`).join("");
    const use = pairs ? `\ttext = strings.NewReplacer(\n${pairs}\t).Replace(text)\n` : "";
    return `package main

import (
	"context"
	"fmt"
	"log"
${use ? '	"strings"\n' : ""}
	"github.com/millrace-ml/millrace/mlflow"
)

func main() {
	ctx := context.Background()
	client, err := mlflow.Connect(${quoted(server)})
	if err != nil {
		log.Fatal(err)
	}
	// A prompt is a version of the registry, whose template is a tag.
	prompt, err := ${get}
	if err != nil {
		log.Fatal(err)
	}
	var text string
	for _, tag := range prompt.Tags {
		if tag.Key == "mlflow.prompt.text" {
			text = tag.Value
		}
	}
${use}	fmt.Println(text)${template.kind === "chat" ? " // a JSON list of messages with role and content" : ""}
}`;
  },
};
