package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/mlflow"
)

func newRunsDeliver(c *client) *cobra.Command {
	var id, dir string
	cmd := &cobra.Command{
		Use:   "deliver",
		Short: "Send what programs in Go logged while the server was away",
		Long: "Send what programs in Go logged while the server was away and had not sent when they ended or were killed. It lies in\n" +
			"millrace/undelivered in the user's cache folder, or in the folder that MILLRACE_SPILL_DIR names. What is for another server,\n" +
			"or of a program that still runs, stays there.",
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVarP(&id, "run-id", "r", "", "ID of the run (default: all)")
	cmd.Flags().StringVar(&dir, "spill-dir", "", "folder to look in (default: as above)")
	c.completeFlag(cmd, "run-id", runIDs)
	var options []mlflow.Option
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if dir != "" {
			options = append(options, mlflow.WithSpill(dir, 0))
		}
		return c.with(func(cmd *cobra.Command, _ []string, m *mlflow.Client) error {
			list, err := m.Deliver(cmd.Context(), id)
			shown := []delivery{}
			for _, d := range list {
				shown = append(shown, delivery{d, errorText(d.Refused)})
			}
			return errors.Join(c.print(cmd, shown, func(out io.Writer) error { return writeDeliveries(out, list, m.URL()) }), err)
		}, options...)(cmd, args)
	}
	return cmd
}

// delivery is what is printed as JSON.
type delivery struct {
	mlflow.Delivery
	Refused string `json:"refused,omitempty"`
}

// errorText writes an error in one line, nil as "".
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}

func writeDeliveries(out io.Writer, list []mlflow.Delivery, url string) error {
	if len(list) == 0 {
		_, err := fmt.Fprintf(out, "Nothing waits for %s.\n", url)
		return err
	}
	for _, d := range list {
		line := fmt.Sprintf("Run %s: %s values are delivered", d.RunID, thousands(int64(d.Values)))
		if d.Err != nil {
			line += ", more wait in " + d.File
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
