import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { trackingURI } from "../api/client";
import { firstRun, type Language } from "../lib/text/snippets";
import { Snippet } from "./Copy";
import { LanguagePicker } from "./LanguagePicker";
import { useUser } from "./session/useSession";

const install: Record<Language, string> = {
  Python: "pip install mlflow",
  Go: "go get github.com/millrace-ml/millrace",
  Shell: "go install github.com/millrace-ml/millrace/cmd/millrace@latest",
};

/** A first run against this very server, ready to paste. */
export function QuickStart({ experiment = "my-experiment" }: { experiment?: string }) {
  const user = useUser();
  const [language, setLanguage] = useState<Language>("Python");
  return (
    <div className="quick-start">
      <LanguagePicker chosen={language} onChoose={setLanguage} />
      <p>
        Install the client with <code>{install[language]}</code>, then run this. The run appears here by
        itself.
      </p>
      {user && (
        <p>
          Programs log in with an access token: make one in <Link to="/account">your account</Link> and set{" "}
          <code>MLFLOW_TRACKING_TOKEN</code>.
        </p>
      )}
      <Snippet code={firstRun[language](trackingURI(), experiment)} label={`${language} example`} />
    </div>
  );
}
