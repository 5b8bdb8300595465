package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/mlflow"
)

func newModelsCommand() *cobra.Command {
	cmd, c := newClientCommand("models", "Work with the model registry of a running server")
	m := &modelsCommand{c}
	cmd.AddCommand(m.list(), m.show(), m.register(), m.stage(), m.alias(), m.delete(), m.download(), m.predict(), m.serve())
	return cmd
}

type modelsCommand struct{ *client }

func (m *modelsCommand) list() *cobra.Command {
	var filter string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the registered models",
		Args:  cobra.NoArgs,
		RunE: m.with(func(cmd *cobra.Command, _ []string, c *mlflow.Client) error {
			list, err := collect(c.AllRegisteredModels(cmd.Context(), &mlflow.SearchRegisteredModelsRequest{Filter: filter}), 0)
			if err != nil {
				return err
			}
			return m.print(cmd, list, func(out io.Writer) error { return writeModels(out, list) })
		}),
	}
	cmd.Flags().StringVar(&filter, "filter", "", `which models, such as "name LIKE 'churn%'" or "tags.team = 'x'"`)
	return cmd
}

func writeModels(out io.Writer, list []mlflow.RegisteredModel) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "There are no registered models.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tLATEST\tALIASES\tCHANGED")
	for _, model := range list {
		var latest, aliases []string
		for _, v := range model.LatestVersions {
			latest = append(latest, stageText(v.Version, v.CurrentStage))
		}
		for _, a := range model.Aliases {
			aliases = append(aliases, a.Alias+"="+a.Version)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", model.Name, dash(latest), dash(aliases), minute(model.LastUpdatedTimestamp))
	}
	return w.Flush()
}

func stageText(version, stage string) string {
	if stage == mlflow.StageNone {
		return version
	}
	return version + " (" + stage + ")"
}

func dash(list []string) string { return cmp.Or(strings.Join(list, ", "), "-") }

func (m *modelsCommand) show() *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Short:             "Show a model's versions with their metrics, and its log",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: m.completeFirst(modelNames),
		RunE: m.with(func(cmd *cobra.Command, args []string, c *mlflow.Client) error {
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
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VERSION\tSTAGE\tALIASES\tRUN\tMETRICS\tCREATED")
	for _, v := range model.Versions {
		var metrics []string
		for _, x := range v.Metrics {
			text := fmt.Sprintf("%s=%.4g", x.Key, x.Value)
			if x.DatasetName != "" {
				text += " on " + x.DatasetName
			}
			metrics = append(metrics, text)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", v.Version, v.CurrentStage, dash(v.Aliases), cmp.Or(v.RunName, "-"), dash(metrics), minute(v.CreationTimestamp))
	}
	fmt.Fprintln(w, "\t\nCHANGED\tWHAT\tFROM\tTO\tBY\tCOMMENT")
	for _, c := range changes {
		what := strings.TrimSpace(c.Kind + " " + c.Alias)
		if c.Version != "" {
			what = "version " + c.Version + ": " + what
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", minute(c.TimestampMS), what, cmp.Or(c.From, "-"), cmp.Or(c.To, "-"), c.User, c.Comment)
	}
	return w.Flush()
}

func (m *modelsCommand) register() *cobra.Command {
	var in mlflow.CreateModelVersionRequest
	var runID string
	cmd := &cobra.Command{
		Use:               "register NAME --source URI",
		Short:             "Register model files as the next version of a model, which is made if need be",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: m.completeFirst(modelNames),
		RunE: m.with(func(cmd *cobra.Command, args []string, c *mlflow.Client) error {
			if in.Name = args[0]; in.Source == "" {
				return errors.New("--source is needed: runs:/<run_id>/<path>, models:/<model_id>, models:/<name>/<version> or an artifact URI")
			}
			if runID != "" {
				in.RunID = &runID
			}
			v, err := c.RegisterModel(cmd.Context(), &in)
			if err != nil {
				return err
			}
			return m.say(cmd, v, "Version %s of %s is registered.", v.Version, v.Name)
		}),
	}
	cmd.Flags().StringVar(&in.Source, "source", "", "where the files are (required)")
	m.completeFlag(cmd, "source", modelURIs)
	cmd.Flags().StringVar(&runID, "run-id", "", "the run that made them (default: the one in a runs:/ source)")
	m.completeFlag(cmd, "run-id", runIDs)
	cmd.Flags().StringVar(&in.Description, "description", "", "what the version is")
	return cmd
}

func (m *modelsCommand) stage() *cobra.Command {
	var in mlflow.TransitionVersionRequest
	cmd := &cobra.Command{
		Use:               "stage NAME VERSION STAGE",
		Short:             "Move a version to None, Staging, Production or Archived",
		Args:              cobra.ExactArgs(3),
		ValidArgsFunction: m.completeFirst(modelNames),
		RunE: m.with(func(cmd *cobra.Command, args []string, c *mlflow.Client) error {
			in.Name, in.Version, in.Stage = args[0], args[1], args[2]
			v, err := c.TransitionVersion(cmd.Context(), &in)
			if err != nil {
				return err
			}
			return m.say(cmd, v, "Version %s of %s is in %s.", v.Version, v.Name, v.CurrentStage)
		}),
	}
	cmd.Flags().BoolVar(&in.ArchiveExistingVersions, "archive", false, "move the other versions in the stage to Archived")
	cmd.Flags().StringVar(&in.Comment, "comment", "", "why, for the log")
	return cmd
}

func (m *modelsCommand) alias() *cobra.Command {
	var remove bool
	var comment string
	cmd := &cobra.Command{
		Use:               "alias NAME ALIAS VERSION | alias NAME ALIAS --delete",
		Short:             "Point an alias at a version, or remove it",
		Args:              cobra.RangeArgs(2, 3),
		ValidArgsFunction: m.completeFirst(modelNames),
		RunE: m.with(func(cmd *cobra.Command, args []string, c *mlflow.Client) error {
			switch {
			case remove && (len(args) > 2 || comment != ""):
				return errors.New("--delete takes a name and an alias, no version and no comment")
			case remove:
				if err := c.DeleteModelAlias(cmd.Context(), args[0], args[1]); err != nil {
					return err
				}
				return m.done(cmd, "The alias %s of %s is removed.", args[1], args[0])
			case len(args) < 3:
				return errors.New("which version? millrace models alias NAME ALIAS VERSION")
			}
			v, err := c.TransitionVersion(cmd.Context(), &mlflow.TransitionVersionRequest{Name: args[0], Alias: args[1], Version: args[2], Comment: comment})
			if err != nil {
				return err
			}
			return m.say(cmd, v, "%s@%s is version %s.", v.Name, args[1], v.Version)
		}),
	}
	cmd.Flags().BoolVar(&remove, "delete", false, "remove the alias")
	cmd.Flags().StringVar(&comment, "comment", "", "why, for the log")
	return cmd
}

func (m *modelsCommand) delete() *cobra.Command {
	return &cobra.Command{
		Use:               "delete NAME [VERSION]",
		Short:             "Delete a version, or a model with all its versions; the files stay",
		Args:              cobra.RangeArgs(1, 2),
		ValidArgsFunction: m.completeFirst(modelNames),
		RunE: m.with(func(cmd *cobra.Command, args []string, c *mlflow.Client) error {
			if len(args) == 1 {
				if err := c.DeleteRegisteredModel(cmd.Context(), args[0]); err != nil {
					return err
				}
				return m.done(cmd, "The model %s is deleted.", args[0])
			}
			if err := c.DeleteModelVersion(cmd.Context(), args[0], args[1]); err != nil {
				return err
			}
			return m.done(cmd, "Version %s of %s is deleted.", args[1], args[0])
		}),
	}
}
