// Code for people to copy: a first run, and loading a model.

export const languages = ["Python", "Go", "Shell"] as const;
export type Language = (typeof languages)[number];

/** Names and addresses end up inside string literals, which JSON's escapes fit in Python and Go. */
const quoted = (text: string) => JSON.stringify(text);

/** A word of a shell's command line. */
const word = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** A first run against a server. */
export const firstRun: Record<Language, (server: string, experiment: string) => string> = {
  Python: (server, experiment) => `import mlflow

mlflow.set_tracking_uri(${quoted(server)})
mlflow.set_experiment(${quoted(experiment)})

with mlflow.start_run():
    mlflow.log_param("lr", 0.01)
    for step in range(100):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)`,

  Go: (server, experiment) => `package main

import (
	"context"
	"log"

	"github.com/millrace-ml/millrace/mlflow"
)

func main() {
	ctx := context.Background()
	client, err := mlflow.Connect(${quoted(server)})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.SetExperiment(ctx, ${quoted(experiment)}); err != nil {
		log.Fatal(err)
	}
	err = client.WithRun(ctx, mlflow.RunOptions{}, func(ctx context.Context, run *mlflow.ActiveRun) error {
		if err := run.LogParam(ctx, "lr", 0.01); err != nil {
			return err
		}
		for step := range int64(100) {
			if err := run.LogMetric(ctx, "loss", 1/float64(step+1), step); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
}`,

  Shell: (server, experiment) => `export MLFLOW_TRACKING_URI=${word(server)}
millrace runs create --experiment-name ${word(experiment)} --run-name first
millrace runs list --experiment-name ${word(experiment)}`,
};

/** How a program logs in with an access token. */
export const logInByToken = (server: string, secret: string) => `export MLFLOW_TRACKING_URI=${word(server)}
export MLFLOW_TRACKING_TOKEN=${word(secret)}`;

/**
 * Loading a registered model.
 *
 * @param reference a version number, or an alias with its "@"
 */
export function loadModel(language: Language, server: string, name: string, reference: string): string {
  return loads[language](server, `models:/${name}${reference.startsWith("@") ? "" : "/"}${reference}`);
}

const loads: Record<Language, (server: string, uri: string) => string> = {
  Python: (server, uri) => `import mlflow

mlflow.set_tracking_uri(${quoted(server)})
model = mlflow.pyfunc.load_model(${quoted(uri)})`,

  Go: (server, uri) => `package main

import (
	"context"
	"fmt"
	"log"

	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/models"
)

func main() {
	ctx := context.Background()
	client, err := mlflow.Connect(${quoted(server)})
	if err != nil {
		log.Fatal(err)
	}
	model, err := mlflow.LoadModel(ctx, client, ${quoted(uri)}, models.Open)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.Inputs(), model.Outputs()) // model.Predict takes one tensor, model.Run several
}`,

  Shell: (server, uri) => `export MLFLOW_TRACKING_URI=${word(server)}
millrace models serve -m ${word(uri)} -p 5001 &
curl http://127.0.0.1:5001/invocations -H 'Content-Type: application/json' -d '{"inputs": [[0.5, 1.5]]}'`,
};
