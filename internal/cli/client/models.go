package client

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/mlflow"
)

// NewModels returns the command `millrace models`.
func NewModels() *cobra.Command {
	cmd, c := newCommand("models", "Manage and run registered models",
		`  millrace models register churn --source runs:/$RUN_ID/model
  millrace models alias churn champion 2
  millrace models download --model-uri models:/churn@champion --dst-path .
  millrace models predict --model-uri models:/churn@champion --input-path rows.json`)
	m := &modelsCommand{c}
	cmd.AddCommand(m.list(), m.show(), m.register(), m.stage(), m.alias(), m.delete(),
		m.download(), m.predict(), m.serve())
	return cmd
}

type modelsCommand struct{ *command }

func (m *modelsCommand) list() *cobra.Command {
	var in mlflow.SearchRegisteredModelsRequest
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List registered models",
		Args:  cobra.NoArgs,
		RunE: m.run(func(cmd *cobra.Command, _ []string, c *mlflow.Client) error {
			list, err := collect(c.AllRegisteredModels(cmd.Context(), &in), 0)
			if err != nil {
				return err
			}
			return m.print(cmd, list, func(out io.Writer) error { return writeModels(out, list) })
		}),
	}
	cmd.Flags().StringVar(&in.Filter, "filter", "",
		"filter `expression`, such as \"name LIKE 'churn%'\" or \"tags.team = 'x'\"")
	return cmd
}

func writeModels(out io.Writer, list []mlflow.RegisteredModel) error {
	t := output.Table{Empty: "No registered models found.", Header: []string{"NAME", "LATEST", "ALIASES", "UPDATED"}}
	for _, model := range list {
		var latest, aliases []string
		for _, v := range model.LatestVersions {
			latest = append(latest, versionText(v.Version, v.CurrentStage))
		}
		for _, a := range model.Aliases {
			aliases = append(aliases, a.Alias+"="+a.Version)
		}
		t.Add(model.Name, joinOrDash(latest), joinOrDash(aliases), output.Time(model.LastUpdatedTimestamp))
	}
	return t.Write(out)
}

func versionText(version, stage string) string {
	if stage == mlflow.StageNone {
		return version
	}
	return version + " (" + stage + ")"
}

func (m *modelsCommand) show() *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Short:             "Show the versions of a model with their metrics, and its history",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: m.completeFirst(modelNames),
		RunE: m.run(func(cmd *cobra.Command, args []string, c *mlflow.Client) error {
			in := &mlflow.MonitorModelRequest{Name: args[0]}
			model, err := c.MonitorModel(cmd.Context(), in)
			if err != nil {
				return err
			}
			for in.PageToken = model.NextPageToken; in.PageToken != ""; {
				page, err := c.MonitorModel(cmd.Context(), in)
				if err != nil {
					return err
				}
				model.Versions = append(model.Versions, page.Versions...)
				in.PageToken = page.NextPageToken
			}
			model.NextPageToken = ""
			changes, err := c.RegistryChanges(cmd.Context(), &mlflow.RegistryChangesRequest{Name: args[0]})
			if err != nil {
				return err
			}
			all := struct {
				*mlflow.MonitorModelResponse
				Transitions []mlflow.RegistryChange `json:"transitions"`
			}{model, changes.Transitions}
			return m.print(cmd, all, func(out io.Writer) error { return writeModel(out, model, changes.Transitions) })
		}),
	}
}

func writeModel(out io.Writer, model *mlflow.MonitorModelResponse, changes []mlflow.RegistryChange) error {
	versions := output.Table{Header: []string{"VERSION", "STAGE", "ALIASES", "RUN", "METRICS", "CREATED"}}
	for _, v := range model.Versions {
		var metrics []string
		for _, x := range v.Metrics {
			text := fmt.Sprintf("%s=%.4g", x.Key, x.Value)
			if x.DatasetName != "" {
				text += " on " + x.DatasetName
			}
			metrics = append(metrics, text)
		}
		versions.Add(v.Version, v.CurrentStage, joinOrDash(v.Aliases), cmp.Or(v.RunName, "-"),
			joinOrDash(metrics), output.Time(v.CreationTimestamp))
	}
	if err := versions.Write(out); err != nil {
		return err
	}
	fmt.Fprintln(out)
	history := output.Table{Header: []string{"TIME", "CHANGE", "FROM", "TO", "USER", "COMMENT"}}
	for _, c := range changes {
		change := strings.TrimSpace(c.Kind + " " + c.Alias)
		if c.Version != "" {
			change = "version " + c.Version + ": " + change
		}
		history.Add(output.Time(c.TimestampMS), change, cmp.Or(c.From, "-"), cmp.Or(c.To, "-"), c.User, c.Comment)
	}
	return history.Write(out)
}

func (m *modelsCommand) register() *cobra.Command {
	var in mlflow.CreateModelVersionRequest
	var runID string
	cmd := &cobra.Command{
		Use:               "register NAME --source URI",
		Short:             "Register model files as the next version of a model",
		Long:              "Register model files as the next version of a model. The model is created if it does not exist.",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: m.completeFirst(modelNames),
		RunE: m.run(func(cmd *cobra.Command, args []string, c *mlflow.Client) error {
			if in.Name = args[0]; in.Source == "" {
				return errors.New("--source is required: runs:/<run_id>/<path>, models:/<model_id>, " +
					"models:/<name>/<version>, or an artifact URI")
			}
			if runID != "" {
				in.RunID = &runID
			}
			v, err := c.RegisterModel(cmd.Context(), &in)
			if err != nil {
				return err
			}
			return m.printf(cmd, v, "Registered version %s of %s.", v.Version, v.Name)
		}),
	}
	cmd.Flags().StringVar(&in.Source, "source", "", "`URI` of the model files (required)")
	m.completeFlag(cmd, "source", modelURIs)
	cmd.Flags().StringVar(&runID, "run-id", "",
		"`ID` of the run that produced the files (default the run of a runs:/ source)")
	m.completeFlag(cmd, "run-id", runIDs)
	cmd.Flags().StringVar(&in.Description, "description", "", "`text` that describes the version")
	return cmd
}

func (m *modelsCommand) stage() *cobra.Command {
	var in mlflow.TransitionVersionRequest
	cmd := &cobra.Command{
		Use:               "stage NAME VERSION STAGE",
		Short:             "Move a version to None, Staging, Production or Archived",
		Args:              cobra.ExactArgs(3),
		ValidArgsFunction: m.completeFirst(modelNames),
		RunE: m.run(func(cmd *cobra.Command, args []string, c *mlflow.Client) error {
			in.Name, in.Version, in.Stage = args[0], args[1], args[2]
			v, err := c.TransitionVersion(cmd.Context(), &in)
			if err != nil {
				return err
			}
			return m.printf(cmd, v, "Moved version %s of %s to %s.", v.Version, v.Name, v.CurrentStage)
		}),
	}
	cmd.Flags().BoolVar(&in.ArchiveExistingVersions, "archive", false, "move the other versions of the stage to Archived")
	cmd.Flags().StringVar(&in.Comment, "comment", "", "`text` for the history of the model")
	return cmd
}

func (m *modelsCommand) alias() *cobra.Command {
	var remove bool
	var comment string
	cmd := &cobra.Command{
		Use:               "alias NAME ALIAS VERSION | alias NAME ALIAS --delete",
		Short:             "Assign an alias to a version, or delete it",
		Args:              cobra.RangeArgs(2, 3),
		ValidArgsFunction: m.completeFirst(modelNames),
		RunE: m.run(func(cmd *cobra.Command, args []string, c *mlflow.Client) error {
			switch {
			case remove && (len(args) > 2 || comment != ""):
				return errors.New("--delete does not allow a version or a comment")
			case remove:
				if err := c.DeleteModelAlias(cmd.Context(), args[0], args[1]); err != nil {
					return err
				}
				return m.done(cmd, "Deleted alias %s of %s.", args[1], args[0])
			case len(args) < 3:
				return errors.New("VERSION is required: millrace models alias NAME ALIAS VERSION")
			}
			in := &mlflow.TransitionVersionRequest{Name: args[0], Alias: args[1], Version: args[2], Comment: comment}
			v, err := c.TransitionVersion(cmd.Context(), in)
			if err != nil {
				return err
			}
			return m.printf(cmd, v, "Set %s@%s to version %s.", v.Name, args[1], v.Version)
		}),
	}
	cmd.Flags().BoolVar(&remove, "delete", false, "delete the alias")
	cmd.Flags().StringVar(&comment, "comment", "", "`text` for the history of the model")
	return cmd
}

func (m *modelsCommand) delete() *cobra.Command {
	return &cobra.Command{
		Use:               "delete NAME [VERSION]",
		Short:             "Delete a version, or a model with all its versions",
		Long:              "Delete a version, or a model with all its versions. The model files are not deleted.",
		Args:              cobra.RangeArgs(1, 2),
		ValidArgsFunction: m.completeFirst(modelNames),
		RunE: m.run(func(cmd *cobra.Command, args []string, c *mlflow.Client) error {
			if len(args) == 1 {
				if err := c.DeleteRegisteredModel(cmd.Context(), args[0]); err != nil {
					return err
				}
				return m.done(cmd, "Deleted model %s.", args[0])
			}
			if err := c.DeleteModelVersion(cmd.Context(), args[0], args[1]); err != nil {
				return err
			}
			return m.done(cmd, "Deleted version %s of %s.", args[1], args[0])
		}),
	}
}
