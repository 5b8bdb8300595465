package webhook

import (
	"time"

	"github.com/millrace-ml/millrace/internal/python"
	store "github.com/millrace-ml/millrace/internal/store/webhooks"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/webhooks"
)

// These values are in the examples of MLflow, too.
const (
	exampleModel  = "example_model"
	examplePrompt = "example_prompt"
	exampleKey    = "example_key"
	exampleValue  = "example_value"
	exampleAlias  = "example_alias"
	exampleRun    = "abcd1234abcd5678"
)

// Example returns the body of an example of an event.
func Example(e webhooks.Event, at time.Time) string { return store.Body(e, at, exampleData(e)) }

func exampleData(e webhooks.Event) *python.Dict {
	tags := store.Fields(exampleKey, exampleValue)
	switch e.Entity {
	case webhooks.RegisteredModel:
		return store.Fields("name", exampleModel, "tags", tags, "description", "An example registered model")
	case webhooks.ModelVersion:
		return store.Fields("name", exampleModel, "version", "1", "source", "models:/123", "run_id", exampleRun,
			"tags", tags, "description", "An example model version")
	case webhooks.Prompt:
		return store.Fields("name", examplePrompt, "tags", tags, "description", "An example prompt")
	case webhooks.PromptVersion:
		return store.Fields("name", examplePrompt, "version", "1", "template", "Hello {{name}}!", "tags", tags,
			"description", "An example prompt version")
	case webhooks.ModelVersionTag:
		return exampleTag(e, store.Fields("name", exampleModel, "version", "1"))
	case webhooks.PromptTag:
		return exampleTag(e, store.Fields("name", examplePrompt))
	case webhooks.PromptVersionTag:
		return exampleTag(e, store.Fields("name", examplePrompt, "version", "1"))
	case webhooks.ModelVersionAlias:
		return exampleMove(e, exampleModel)
	case webhooks.PromptAlias:
		return exampleMove(e, examplePrompt)
	case webhooks.ModelVersionStage:
		return store.Fields("name", exampleModel, "version", "2", "from_stage", mlflow.StageStaging,
			"to_stage", mlflow.StageProduction, "user", "user@example.org", "comment", "")
	case webhooks.Run:
		return store.Fields("run_id", exampleRun, "run_name", "example-run", "experiment_id", "0",
			"experiment_name", "Default", "status", string(e.Action), "start_time", python.IntOf(1_704_067_200_000),
			"end_time", python.IntOf(1_704_067_260_000), "user_id", "user@example.org")
	case webhooks.BudgetPolicy:
		return store.Fields("budget_policy_id", "bp-abc123", "budget_unit", "USD", "budget_amount", 100.0,
			"current_spend", 105.5, "duration_unit", "MONTHS", "duration_value", python.IntOf(1),
			"target_scope", "ENDPOINT", "workspace", "default", "target_value", "ep-abc123",
			"window_start", python.IntOf(1_704_067_200_000))
	}
	return python.NewDict()
}

// exampleTag adds the tag of an event to the fields that say whose it is.
func exampleTag(e webhooks.Event, of *python.Dict) *python.Dict {
	of.Set("key", exampleKey)
	if e.Action == webhooks.Set {
		of.Set("value", exampleValue)
	}
	return of
}

// exampleMove returns the data of an event of an alias.
func exampleMove(e webhooks.Event, name string) *python.Dict {
	d := store.Fields("name", name, "alias", exampleAlias)
	switch e.Action {
	case webhooks.Created:
		d.Set("version", "1")
	case webhooks.Moved:
		d.Update(store.Fields("from_version", "1", "to_version", "2", "user", "user@example.org", "comment", ""))
	}
	return d
}
