import { Link } from "@tanstack/react-router";

interface PromptLinksProps {
  prompts: readonly { name: string; version: string }[];
}

/** Links to versions of prompts. */
export function PromptLinks({ prompts }: PromptLinksProps) {
  return prompts.map(({ name, version }, i) => (
    <span key={`${name} ${version}`}>
      {i > 0 && ", "}
      <Link to="/prompts/$promptName" params={{ promptName: name }} search={{ version } as never}>
        {name} v{version}
      </Link>
    </span>
  ));
}
