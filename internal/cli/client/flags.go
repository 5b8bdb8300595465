package client

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/millrace-ml/millrace/mlflow"
)

// beforeRun adds a check of the flags to those that run before the command.
func beforeRun(cmd *cobra.Command, check func() error) {
	previous := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if err := check(); err != nil || previous == nil {
			return err
		}
		return previous(cmd, args)
	}
}

// require makes flags mandatory. Unlike cobra's own check it also rejects an empty
// value, which is usually an unset variable of a script.
func require(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		_ = cmd.MarkFlagRequired(name) // Completion suggests required flags first.
	}
	beforeRun(cmd, func() error {
		for _, name := range names {
			if f := cmd.Flags().Lookup(name); !f.Changed || f.Value.String() == "" {
				_, usage := pflag.UnquoteUsage(f)
				usage = strings.ReplaceAll(strings.TrimSuffix(usage, " (required)"), "\n", " ")
				return fmt.Errorf("--%s is required: %s", name, usage)
			}
		}
		return nil
	})
}

// choice is the value of a flag that accepts one of several words in upper or lower
// case.
type choice struct {
	value string
	of    []string
}

func (c *choice) String() string { return c.value }
func (c *choice) Type() string   { return strings.Join(c.of, "|") }

func (c *choice) Set(s string) error {
	for _, word := range c.of {
		if strings.EqualFold(word, s) {
			c.value = word
			return nil
		}
	}
	return fmt.Errorf("must be one of %s", strings.Join(c.of, ", "))
}

// add adds the flag and the completion of its words.
func (c *choice) add(cmd *cobra.Command, name, short, usage string) {
	cmd.Flags().VarP(c, name, short, usage)
	complete := cobra.FixedCompletions(c.of, cobra.ShellCompDirectiveNoFileComp)
	_ = cmd.RegisterFlagCompletionFunc(name, complete)
}

// viewFlag adds the flag that filters by lifecycle stage.
func viewFlag(cmd *cobra.Command) func() mlflow.ViewType {
	view := &choice{value: "active_only", of: []string{"active_only", "deleted_only", "all"}}
	view.add(cmd, "view", "v", "filter by lifecycle stage")
	return func() mlflow.ViewType { return mlflow.ViewType(strings.ToUpper(view.value)) }
}

// limitFlag adds the flag that limits the number of results of a search.
func limitFlag(cmd *cobra.Command, noun string) *int {
	limit := cmd.Flags().Int("max-results", 0, "maximum number of "+noun+" to return (default all)")
	beforeRun(cmd, func() error {
		if cmd.Flags().Changed("max-results") && *limit < 1 {
			return fmt.Errorf("--max-results must be 1 or more, not %d", *limit)
		}
		return nil
	})
	return limit
}

// orderByFlag adds the flag that sorts the results of a search.
func orderByFlag(cmd *cobra.Command, keys *[]string, example string) {
	cmd.Flags().StringArrayVar(keys, "order-by", nil,
		fmt.Sprintf("sort `key`, such as %q; can be repeated", example))
}

// experimentIDFlag adds the required flag of a command for one experiment.
func experimentIDFlag(c *command, cmd *cobra.Command) *string {
	id := cmd.Flags().StringP("experiment-id", "x", "", "`ID` of the experiment (required)")
	require(cmd, "experiment-id")
	c.completeFlag(cmd, "experiment-id", experimentIDs)
	return id
}

// experimentRef names an experiment by its ID or by its name.
type experimentRef struct{ id, name string }

func (r *experimentRef) flags(c *command, cmd *cobra.Command) {
	cmd.Flags().StringVarP(&r.id, "experiment-id", "x", "", "`ID` of the experiment")
	cmd.Flags().StringVarP(&r.name, "experiment-name", "n", "", "`name` of the experiment")
	c.completeFlag(cmd, "experiment-id", experimentIDs)
	c.completeFlag(cmd, "experiment-name", experimentNames)
}

// useEnvironment reads the environment variables that name the experiment if there
// are no flags. Only commands for runs use them.
func (r *experimentRef) useEnvironment() {
	if r.id == "" && r.name == "" {
		r.id, r.name = os.Getenv("MLFLOW_EXPERIMENT_ID"), os.Getenv("MLFLOW_EXPERIMENT_NAME")
	}
}

func (r *experimentRef) check() error {
	if (r.id == "") == (r.name == "") {
		return errors.New("specify the experiment with either --experiment-id or --experiment-name")
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

// runIDFlag adds the required flag of a command for one run.
func runIDFlag(c *command, cmd *cobra.Command) *string {
	id := cmd.Flags().StringP("run-id", "r", "", "`ID` of the run (required)")
	require(cmd, "run-id")
	c.completeFlag(cmd, "run-id", runIDs)
	return id
}
