package client

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/mlflow"
)

func newRunsDeliver(c *command) *cobra.Command {
	var id, dir string
	cmd := &cobra.Command{
		Use:   "deliver",
		Short: "Send values that Go programs could not send to the server",
		Long: `Send values that Go programs logged while the server was unavailable and could not send before
they ended or were killed. The SDK saves such values in the folder millrace/undelivered in the
user's cache directory, or in the folder MILLRACE_SPILL_DIR.

Values for other servers and values of programs that still run are kept.`,
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVarP(&id, "run-id", "r", "", "`ID` of the run (default all)")
	cmd.Flags().StringVar(&dir, "spill-dir", "", "`folder` with the undelivered values (default see above)")
	c.completeFlag(cmd, "run-id", runIDs)
	var options []mlflow.Option
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if dir != "" {
			options = append(options, mlflow.WithSpill(dir, 0))
		}
		return c.run(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
			list, err := m.Deliver(cmd.Context(), id)
			items := []delivery{}
			for _, d := range list {
				items = append(items, delivery{d, errorText(d.Refused)})
			}
			write := func(out io.Writer) error { return writeDeliveries(out, list, m.URL()) }
			return errors.Join(c.print(cmd, items, write), err)
		}, options...)(cmd, args)
	}
	return cmd
}

// delivery is the JSON of a delivered file. It has the error as a string.
type delivery struct {
	mlflow.Delivery
	Refused string `json:"refused,omitempty"`
}

// errorText returns the error as one line, or "" for nil.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}

func writeDeliveries(out io.Writer, list []mlflow.Delivery, url string) error {
	if len(list) == 0 {
		_, err := fmt.Fprintf(out, "There are no undelivered values for %s.\n", url)
		return err
	}
	for _, d := range list {
		line := fmt.Sprintf("Run %s: delivered %s values", d.RunID, output.Thousands(int64(d.Values)))
		if d.Err != nil {
			line += ", more remain in " + d.File
		}
		if refused := errorText(d.Refused); refused != "" {
			line += "; " + refused
		}
		if _, err := fmt.Fprintln(out, line+"."); err != nil {
			return err
		}
	}
	return nil
}
