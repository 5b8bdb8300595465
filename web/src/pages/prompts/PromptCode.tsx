import { useState } from "react";
import { trackingURI } from "../../api/client";
import type { Prompt, PromptVersion } from "../../api/genai/prompts";
import { Choice } from "../../components/Choice";
import { Snippet } from "../../components/Copy";
import { loadPrompt, type PromptLanguage, promptLanguages } from "../../lib/genai/promptSnippets";

interface PromptCodeProps {
  prompt: Prompt;
  version: PromptVersion;
}

/** How programs load the version, by its number or by an alias that moves. */
export function PromptCode({ prompt, version }: PromptCodeProps) {
  const [language, setLanguage] = useState<PromptLanguage>("Python");
  const aliases = prompt.aliases.filter((a) => a.version === version.version).map((a) => `@${a.alias}`);
  const [chosen, setReference] = useState(aliases[0] ?? version.version);
  const references = [version.version, ...aliases];
  const reference = references.includes(chosen) ? chosen : version.version;
  return (
    <div className="load-code prompt-code">
      <div className="toolbar">
        <Choice
          label="Language"
          options={promptLanguages.map((l) => [l, l] as const)}
          value={language}
          choose={setLanguage}
        />
        {aliases.length > 0 && (
          <Choice
            label="Loaded by"
            options={references.map((r) => [r, r.startsWith("@") ? r : `Version ${r}`] as const)}
            value={reference}
            choose={setReference}
          />
        )}
      </div>
      <Snippet
        code={loadPrompt[language]({
          server: trackingURI(),
          name: prompt.name,
          reference,
          template: version.template,
        })}
        label={`${language} code that loads the prompt`}
      />
      <p className="muted">
        {reference.startsWith("@")
          ? "An alias moves to other versions without a change of the program."
          : "A number always loads the same version."}
      </p>
    </div>
  );
}
