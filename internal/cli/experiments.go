package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/mlflow"
)

func newExperimentsCommand() *cobra.Command {
	cmd, c := newClientCommand("experiments", "Work with the experiments of a running server")
	cmd.AddCommand(
		newExperimentsCreate(c), newExperimentsSearch(c), newExperimentsGet(c), newExperimentsRename(c),
		c.onOne("delete", "Move an experiment and its runs to the trash", experimentIDFlag, (*mlflow.Client).DeleteExperiment, "Experiment %s is deleted."),
		c.onOne("restore", "Take an experiment and its runs out of the trash", experimentIDFlag, (*mlflow.Client).RestoreExperiment, "Experiment %s is restored."),
		newExperimentsCSV(c),
	)
	return cmd
}

// experimentIDFlag adds the flag of a command that cannot do without.
func experimentIDFlag(c *client, cmd *cobra.Command) *string {
	id := cmd.Flags().StringP("experiment-id", "x", "", "ID of the experiment (required)")
	need(cmd, "experiment-id")
	c.completeFlag(cmd, "experiment-id", experimentIDs)
	return id
}

// experimentRef is one experiment by ID or name.
type experimentRef struct{ id, name string }

func (r *experimentRef) flags(c *client, cmd *cobra.Command) {
	cmd.Flags().StringVarP(&r.id, "experiment-id", "x", "", "ID of the experiment")
	cmd.Flags().StringVarP(&r.name, "experiment-name", "n", "", "name of the experiment")
	c.completeFlag(cmd, "experiment-id", experimentIDs)
	c.completeFlag(cmd, "experiment-name", experimentNames)
}

// environment is where the experiment of a run's commands may be named as well.
func (r *experimentRef) environment() {
	if r.id == "" && r.name == "" {
		r.id, r.name = os.Getenv("MLFLOW_EXPERIMENT_ID"), os.Getenv("MLFLOW_EXPERIMENT_NAME")
	}
}

func (r *experimentRef) check() error {
	if (r.id == "") == (r.name == "") {
		return errors.New("which experiment? Give either --experiment-id or --experiment-name")
	}
	return nil
}

func (r *experimentRef) get(cmd *cobra.Command, m *mlflow.Client) (*mlflow.Experiment, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if r.id != "" {
		return m.Experiment(cmd.Context(), r.id)
	}
	return m.ExperimentByName(cmd.Context(), r.name)
}

func newExperimentsCreate(c *client) *cobra.Command {
	var in mlflow.CreateExperimentRequest
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make an experiment",
		Args:  cobra.NoArgs,
		RunE: c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
			id, err := m.CreateExperiment(cmd.Context(), &in)
			if err != nil {
				return err
			}
			return c.say(cmd, mlflow.CreateExperimentResponse{ExperimentID: id}, "Experiment %s is created: %s.", id, in.Name)
		}),
	}
	cmd.Flags().StringVarP(&in.Name, "experiment-name", "n", "", "name of the experiment (required)")
	cmd.Flags().StringVarP(&in.ArtifactLocation, "artifact-location", "l", "", "URI below which its runs keep their files (default: the server's choice)")
	need(cmd, "experiment-name")
	return cmd
}

func newExperimentsSearch(c *client) *cobra.Command {
	var in mlflow.SearchExperimentsRequest
	cmd := &cobra.Command{Use: "search", Short: "List the experiments", Args: cobra.NoArgs}
	view, limit := viewFlag(cmd), limitFlag(cmd, "experiments")
	cmd.Flags().StringVar(&in.Filter, "filter", "", `which experiments, such as "name LIKE 'churn%'" or "tags.team = 'x'"`)
	cmd.Flags().StringArrayVar(&in.OrderBy, "order-by", nil, `a key of the order, such as "name ASC"; repeat for more`)
	cmd.RunE = c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		in.ViewType = view()
		list, err := collect(m.AllExperiments(cmd.Context(), &in), *limit)
		if err != nil {
			return err
		}
		return c.print(cmd, list, func(out io.Writer) error {
			t := table{none: "There are no experiments.", head: []string{"ID", "NAME", "STAGE", "CREATED", "ARTIFACTS"}}
			for _, e := range list {
				t.add(e.ExperimentID, e.Name, string(e.LifecycleStage), when(e.CreationTime), e.ArtifactLocation)
			}
			return t.write(out)
		})
	})
	return cmd
}

func newExperimentsGet(c *client) *cobra.Command {
	var which experimentRef
	cmd := &cobra.Command{
		Use:   "get",
		Short: "Show an experiment",
		Args:  cobra.NoArgs,
	}
	which.flags(c, cmd)
	output := &choice{value: "table", of: []string{"table", "json"}}
	output.add(cmd, "output", "", "json is the same as --json")
	cmd.RunE = c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		c.asJSON = c.asJSON || output.value == "json"
		e, err := which.get(cmd, m)
		if err != nil {
			return err
		}
		return c.print(cmd, e, func(out io.Writer) error {
			t := table{}
			t.add("ID", e.ExperimentID)
			t.add("NAME", e.Name)
			t.add("STAGE", string(e.LifecycleStage))
			t.add("CREATED", when(e.CreationTime))
			t.add("CHANGED", when(e.LastUpdateTime))
			t.add("ARTIFACTS", e.ArtifactLocation)
			t.add("TAGS", tagText(e.Tags))
			return t.write(out)
		})
	})
	return cmd
}

func tagText(tags []mlflow.Tag) string {
	var list []string
	for _, tag := range tags {
		list = append(list, tag.Key+"="+tag.Value)
	}
	return dash(list)
}

func newExperimentsRename(c *client) *cobra.Command {
	cmd := &cobra.Command{Use: "rename", Short: "Give an experiment another name", Args: cobra.NoArgs}
	id := experimentIDFlag(c, cmd)
	name := cmd.Flags().String("new-name", "", "the name to come (required)")
	need(cmd, "new-name")
	cmd.RunE = c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		if err := m.RenameExperiment(cmd.Context(), *id, *name); err != nil {
			return err
		}
		return c.done(cmd, "Experiment %s is now called %s.", *id, *name)
	})
	return cmd
}

func newExperimentsCSV(c *client) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "csv",
		Short: "Write the runs of an experiment as CSV, with a column for each metric, param and tag",
		Args:  cobra.NoArgs,
	}
	id := experimentIDFlag(c, cmd)
	name := cmd.Flags().StringP("filename", "o", "", "the file to write (default: the output)")
	cmd.RunE = c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		if c.asJSON {
			return fmt.Errorf("csv writes no JSON; for that there is millrace runs search -x %s --json", *id)
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
		return c.done(cmd, "The %d runs of experiment %s are in %s.", len(runs), *id, *name)
	})
	return cmd
}
