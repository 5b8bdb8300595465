// Package client has the commands that use the API of a running server: one file
// for each noun, such as experiments, and flags.go for what their flags share.
package client

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

	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/mlflow"
)

// defaultURI is the address of a server on this machine with default options.
const defaultURI = "http://127.0.0.1:5000"

// retryFor is how long commands retry requests to a server that does not answer.
const retryFor = 2 * time.Second

// command is the part that the subcommands of a noun share: the flags that select
// the server and the output format, and the progress bar of transfers.
type command struct {
	uri    string
	asJSON bool
	bar    *output.Bar
}

const connectionHelp = `

The server can be any server with MLflow's API. Its address is http(s)://[user:password@]host,
databricks, or databricks://profile.

Credentials are read from the address, from MLFLOW_TRACKING_TOKEN or MLFLOW_TRACKING_USERNAME and
MLFLOW_TRACKING_PASSWORD, from what "millrace login" has stored, or from ~/.mlflow/credentials; for
Databricks from DATABRICKS_HOST and DATABRICKS_TOKEN or from ~/.databrickscfg. They are sent only to
the server itself and to the hosts in MILLRACE_TRUSTED_HOSTS, a list separated by commas.

If a server names local folders for artifacts, they are used only if the server has a loopback
address. Set MILLRACE_LOCAL_FILES=true to use them also for a remote server, or
MILLRACE_LOCAL_FILES=false to never use them, for example if the address is the end of a tunnel.`

// newCommand returns the command of a noun and the part that its subcommands share.
func newCommand(use, short, example string) (*cobra.Command, *command) {
	cmd := &cobra.Command{Use: use, Short: short, Long: short + "." + connectionHelp, Example: example}
	c := &command{}
	// The default is not read from the environment here, because --help would print
	// a password in it.
	cmd.PersistentFlags().StringVar(&c.uri, "tracking-uri", "",
		"`address` of the server (default MLFLOW_TRACKING_URI, or "+defaultURI+")")
	cmd.PersistentFlags().BoolVar(&c.asJSON, "json", false,
		"print the server's response as JSON, with times in Unix milliseconds")
	return cmd, c
}

func (c *command) connect(opts ...mlflow.Option) (*mlflow.Client, error) {
	opts = append([]mlflow.Option{mlflow.WithRetryFor(retryFor)}, opts...)
	return mlflow.Connect(cmp.Or(c.uri, os.Getenv("MLFLOW_TRACKING_URI"), defaultURI), opts...)
}

// run returns the RunE of a command that uses a client of the server. The client
// shows the progress of transfers on a terminal.
func (c *command) run(
	do func(cmd *cobra.Command, args []string, m *mlflow.Client) error, opts ...mlflow.Option,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c.bar = output.NewByteBar(cmd.ErrOrStderr(), output.IsTerminal(cmd.ErrOrStderr()))
		defer c.bar.Close()
		progress := mlflow.WithProgress(func(at mlflow.Transfer) { c.bar.Update(transferProgress(at)) })
		m, err := c.connect(append(opts, progress)...)
		if err != nil {
			return err
		}
		return do(cmd, args, m)
	}
}

func transferProgress(at mlflow.Transfer) output.Progress {
	p := output.Progress{Action: "downloading", Item: at.Path, Done: at.Bytes, Total: at.TotalBytes}
	if at.Upload {
		p.Action = "uploading"
	}
	if at.TotalFiles > 1 {
		p.Item += fmt.Sprintf(", %d of %d files", at.Files, at.TotalFiles)
	}
	return p
}

// print writes v as JSON if the user asked for it, and otherwise calls text. It
// removes the progress bar before.
func (c *command) print(cmd *cobra.Command, v any, text func(out io.Writer) error) error {
	c.bar.Close()
	if !c.asJSON {
		return text(cmd.OutOrStdout())
	}
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// printf prints v as JSON, or a formatted line.
func (c *command) printf(cmd *cobra.Command, v any, format string, args ...any) error {
	return c.print(cmd, v, func(out io.Writer) error {
		_, err := fmt.Fprintf(out, format+"\n", args...)
		return err
	})
}

// done prints a formatted line, or {} as JSON. It is for requests with an empty
// response.
func (c *command) done(cmd *cobra.Command, format string, args ...any) error {
	return c.printf(cmd, struct{}{}, format, args...)
}

// onID returns a command that calls do with an ID and prints the message, whose %s
// is the ID.
func (c *command) onID(
	use, short string, flag func(*command, *cobra.Command) *string,
	do func(*mlflow.Client, context.Context, string) error, message string,
) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs}
	id := flag(c, cmd)
	cmd.RunE = c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
		if err := do(m, cmd.Context(), *id); err != nil {
			return err
		}
		return c.done(cmd, message, *id)
	})
	return cmd
}

// collect returns the first limit items of seq, or all if limit is 0. The slice is
// never nil, so that its JSON is [] if it is empty.
func collect[T any](seq iter.Seq2[*T, error], limit int) ([]T, error) {
	list := []T{}
	for item, err := range seq {
		if err != nil {
			return nil, err
		}
		if list = append(list, *item); len(list) == limit {
			break
		}
	}
	return list, nil
}

// joinOrDash joins the parts of a cell with commas. An empty cell is a dash.
func joinOrDash(parts []string) string { return cmp.Or(strings.Join(parts, ", "), "-") }
