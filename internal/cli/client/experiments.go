package client

import (
	"cmp"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/mlflow"
)

// NewExperiments returns the command `millrace experiments`.
func NewExperiments() *cobra.Command {
	cmd, c := newCommand("experiments", "Manage experiments",
		`  millrace experiments create --experiment-name churn
  millrace experiments search --filter "name LIKE 'churn%'"
  millrace experiments csv --experiment-id 1 --filename runs.csv`)
	cmd.AddCommand(
		newExperimentsCreate(c), newExperimentsSearch(c), newExperimentsGet(c), newExperimentsRename(c),
		c.onID("delete", "Move an experiment and its runs to the trash", experimentIDFlag,
			(*mlflow.Client).DeleteExperiment, "Deleted experiment %s."),
		c.onID("restore", "Restore an experiment and its runs from the trash", experimentIDFlag,
			(*mlflow.Client).RestoreExperiment, "Restored experiment %s."),
		newExperimentsCSV(c),
	)
	return cmd
}

func newExperimentsCreate(c *command) *cobra.Command {
	var in mlflow.CreateExperimentRequest
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create an experiment",
		Args:  cobra.NoArgs,
		RunE: c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
			id, err := m.CreateExperiment(cmd.Context(), &in)
			if err != nil {
				return err
			}
			return c.printf(cmd, mlflow.CreateExperimentResponse{ExperimentID: id},
				"Created experiment %s: %s.", id, in.Name)
		}),
	}
	cmd.Flags().StringVarP(&in.Name, "experiment-name", "n", "", "`name` of the experiment (required)")
	cmd.Flags().StringVarP(&in.ArtifactLocation, "artifact-location", "l", "",
		"`URI` of the folder for the artifacts of its runs (default chosen by the server)")
	require(cmd, "experiment-name")
	return cmd
}

func newExperimentsSearch(c *command) *cobra.Command {
	var in mlflow.SearchExperimentsRequest
	cmd := &cobra.Command{Use: "search", Short: "List experiments", Args: cobra.NoArgs}
	view, limit := viewFlag(cmd), limitFlag(cmd, "experiments")
	cmd.Flags().StringVar(&in.Filter, "filter", "",
		"filter `expression`, such as \"name LIKE 'churn%'\" or \"tags.team = 'x'\"")
	orderByFlag(cmd, &in.OrderBy, "name ASC")
	cmd.RunE = c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		in.ViewType = view()
		list, err := collect(m.AllExperiments(cmd.Context(), &in), *limit)
		if err != nil {
			return err
		}
		return c.print(cmd, list, func(out io.Writer) error {
			t := output.Table{
				Empty:  "No experiments found.",
				Header: []string{"ID", "NAME", "STAGE", "CREATED", "ARTIFACTS"},
			}
			for _, e := range list {
				t.Add(e.ExperimentID, e.Name, string(e.LifecycleStage), output.Time(e.CreationTime), e.ArtifactLocation)
			}
			return t.Write(out)
		})
	})
	return cmd
}

func newExperimentsGet(c *command) *cobra.Command {
	var which experimentRef
	cmd := &cobra.Command{
		Use:   "get",
		Short: "Show an experiment",
		Args:  cobra.NoArgs,
	}
	which.flags(c, cmd)
	format := &choice{value: "table", of: []string{"table", "json"}}
	format.add(cmd, "output", "", "output format; json is the same as --json")
	cmd.RunE = c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		c.asJSON = c.asJSON || format.value == "json"
		e, err := which.get(cmd, m)
		if err != nil {
			return err
		}
		return c.print(cmd, e, func(out io.Writer) error {
			t := output.Table{}
			t.Add("ID", e.ExperimentID)
			t.Add("NAME", e.Name)
			t.Add("STAGE", string(e.LifecycleStage))
			t.Add("CREATED", output.Time(e.CreationTime))
			t.Add("UPDATED", output.Time(e.LastUpdateTime))
			t.Add("ARTIFACTS", e.ArtifactLocation)
			t.Add("TAGS", tagText(e.Tags))
			return t.Write(out)
		})
	})
	return cmd
}

func tagText(tags []mlflow.Tag) string {
	var list []string
	for _, tag := range tags {
		list = append(list, tag.Key+"="+tag.Value)
	}
	return joinOrDash(list)
}

func newExperimentsRename(c *command) *cobra.Command {
	cmd := &cobra.Command{Use: "rename", Short: "Rename an experiment", Args: cobra.NoArgs}
	id := experimentIDFlag(c, cmd)
	name := cmd.Flags().String("new-name", "", "new `name` of the experiment (required)")
	require(cmd, "new-name")
	cmd.RunE = c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		if err := m.RenameExperiment(cmd.Context(), *id, *name); err != nil {
			return err
		}
		return c.done(cmd, "Renamed experiment %s to %s.", *id, *name)
	})
	return cmd
}

func newExperimentsCSV(c *command) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "csv",
		Short: "Export the runs of an experiment as CSV",
		Long:  "Export the runs of an experiment as CSV, with a column for each metric, parameter and tag.",
		Args:  cobra.NoArgs,
	}
	id := experimentIDFlag(c, cmd)
	name := cmd.Flags().StringP("filename", "o", "", "`file` to write (default standard output)")
	cmd.RunE = c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		if c.asJSON {
			return fmt.Errorf("csv does not support --json; use `millrace runs search -x %s --json`", *id)
		}
		runs, err := findRuns(cmd, m, &mlflow.SearchRunsRequest{ExperimentIDs: []string{*id}}, 0)
		if err != nil {
			return err
		}
		if *name == "" {
			return writeRunsCSV(cmd.OutOrStdout(), runs)
		}
		out, err := os.Create(*name)
		if err != nil {
			return err
		}
		if err := cmp.Or(writeRunsCSV(out, runs), out.Close()); err != nil {
			return err
		}
		return c.done(cmd, "Wrote %d runs of experiment %s to %s.", len(runs), *id, *name)
	})
	return cmd
}
