package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/mlflow"
)

// client is what the commands that talk to a running server share. They go
// through the server because it checks what it is told and knows who asks.
type client struct {
	uri    string
	asJSON bool
	bar    *transferBar
}

// newClientCommand makes the command for one noun; its subcommands take the
// client's flags.
func newClientCommand(use, short string) (*cobra.Command, *client) {
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Long: short + ".\n\n" +
			"The server is any that speaks MLflow's API: http(s)://[user:password@]host, databricks or databricks://profile.\n" +
			"Credentials are taken from the address, MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD,\n" +
			"or ~/.mlflow/credentials; for databricks, from DATABRICKS_HOST and DATABRICKS_TOKEN or ~/.databrickscfg.\n" +
			"They go to the server alone and to the hosts that MILLRACE_TRUSTED_HOSTS lists with commas. MILLRACE_LOCAL_FILES=true lets a\n" +
			"remote server name folders of this machine for its files; false refuses that to one at a loopback address, such as a tunnel's end.",
	}
	c := &client{}
	// The default is not read from the environment here: --help would show a password in it.
	cmd.PersistentFlags().StringVar(&c.uri, "tracking-uri", "", "address of the server (default MLFLOW_TRACKING_URI, else http://127.0.0.1:5000)")
	cmd.PersistentFlags().BoolVar(&c.asJSON, "json", false, "print the server's answer as JSON, with times in Unix milliseconds")
	return cmd, c
}

// patience is how long a command waits for a server that does not answer.
const patience = 2 * time.Second

func (c *client) connect(opts ...mlflow.Option) (*mlflow.Client, error) {
	opts = append([]mlflow.Option{mlflow.WithRetryFor(patience)}, opts...)
	return mlflow.Connect(cmp.Or(c.uri, os.Getenv("MLFLOW_TRACKING_URI"), "http://127.0.0.1:5000"), opts...)
}

// with runs a command with a client of the server, which shows on a terminal how
// far files have moved.
func (c *client) with(run func(cmd *cobra.Command, args []string, m *mlflow.Client) error, opts ...mlflow.Option) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c.bar = &transferBar{progress: newProgress(cmd.ErrOrStderr())}
		m, err := c.connect(append(opts, mlflow.WithProgress(c.bar.show))...)
		if err != nil {
			return err
		}
		defer c.bar.end()
		return run(cmd, args, m)
	}
}

// print writes v as JSON if that was asked for, and as text does otherwise, on a
// line that the bar has left.
func (c *client) print(cmd *cobra.Command, v any, text func(out io.Writer) error) error {
	c.bar.end()
	if !c.asJSON {
		return text(cmd.OutOrStdout())
	}
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// say prints what was done to v in a sentence.
func (c *client) say(cmd *cobra.Command, v any, format string, args ...any) error {
	return c.print(cmd, v, func(out io.Writer) error {
		_, err := fmt.Fprintf(out, format+"\n", args...)
		return err
	})
}

// done says what was done where the server answers with nothing.
func (c *client) done(cmd *cobra.Command, format string, args ...any) error {
	return c.say(cmd, struct{}{}, format, args...)
}

// onOne makes a command that does one thing to what an ID names; said tells
// that it is done.
func (c *client) onOne(use, short string, flag func(*client, *cobra.Command) *string, do func(*mlflow.Client, context.Context, string) error, said string) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs}
	id := flag(c, cmd)
	cmd.RunE = c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		if err := do(m, cmd.Context(), *id); err != nil {
			return err
		}
		return c.done(cmd, said, *id)
	})
	return cmd
}

// need refuses a command without these flags. Cobra's own check would do, but
// it takes an empty value, as from an unset variable of a script, for given.
func need(cmd *cobra.Command, names ...string) {
	for _, name := range names {
		_ = cmd.MarkFlagRequired(name) // For completion, which offers it first.
	}
	before := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		for _, name := range names {
			if f := cmd.Flags().Lookup(name); !f.Changed || f.Value.String() == "" {
				return fmt.Errorf("--%s is needed: %s", name, strings.TrimSuffix(f.Usage, " (required)"))
			}
		}
		if before != nil {
			return before(cmd, args)
		}
		return nil
	}
}

// choice is a flag that takes one of some words, in capitals or not.
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
	return fmt.Errorf("choose one of %s", strings.Join(c.of, ", "))
}

// add makes a flag of the choice, which completes to its words.
func (c *choice) add(cmd *cobra.Command, name, short, usage string) {
	cmd.Flags().VarP(c, name, short, usage)
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(c.of, cobra.ShellCompDirectiveNoFileComp))
}

// viewFlag adds the flag that selects by lifecycle stage.
func viewFlag(cmd *cobra.Command) func() mlflow.ViewType {
	view := &choice{value: "active_only", of: []string{"active_only", "deleted_only", "all"}}
	view.add(cmd, "view", "v", "which ones by lifecycle stage")
	return func() mlflow.ViewType { return mlflow.ViewType(strings.ToUpper(view.value)) }
}

// collect takes up to limit items of a walk, or all when limit is 0. The list is
// never nil, since JSON has [] for nothing.
func collect[T any](walk iter.Seq2[*T, error], limit int) ([]T, error) {
	list := []T{}
	for item, err := range walk {
		if err != nil {
			return nil, err
		}
		if list = append(list, *item); len(list) == limit {
			break
		}
	}
	return list, nil
}

// limitFlag adds the flag that bounds what a search returns.
func limitFlag(cmd *cobra.Command, what string) *int {
	limit := cmd.Flags().Int("max-results", 0, "how many "+what+" to return at most (default all)")
	before := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if cmd.Flags().Changed("max-results") && *limit < 1 {
			return fmt.Errorf("--max-results must be 1 or more, not %d", *limit)
		}
		if before != nil {
			return before(cmd, args)
		}
		return nil
	}
	return limit
}

// duration tells how long something took, in at most two units.
func duration(startMS, endMS int64) string {
	d := time.Duration(endMS-startMS) * time.Millisecond
	switch {
	case endMS == 0 || d < 0:
		return "-"
	case d < time.Second:
		return d.String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return d.Round(time.Second).String()
	}
	d = d.Round(time.Minute)
	if days := d / (24 * time.Hour); days > 0 {
		return fmt.Sprintf("%dd%dh", days, d%(24*time.Hour)/time.Hour)
	}
	return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
}

// when is a time for people, if there is one.
func when(ms int64) string {
	if ms == 0 {
		return "-"
	}
	return minute(ms)
}
