// Package usercmd has the commands that manage users, roles and grants in their database,
// without a server: one file for each noun.
package usercmd

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/server"
)

// command is the part that the subcommands of a noun share: the flags that select the
// database and the output format.
type command struct {
	database string
	asJSON   bool
}

const databaseHelp = `

The command works on the database of users, whether a server runs or not. It is named by
--auth-database-uri, or by database_uri in the file that MLFLOW_AUTH_CONFIG_PATH names, and is
otherwise sqlite:///basic_auth.db, as in MLflow. Its tables are created if there are none. They are
used by a server with --app-name basic-auth.`

// newCommand returns the command of a noun and the part that its subcommands share.
func newCommand(use, short, long, example string) (*cobra.Command, *command) {
	cmd := &cobra.Command{Use: use, Short: short, Long: short + "." + long + databaseHelp, Example: example}
	c := &command{}
	// The default is not read from the environment here, because --help would print a
	// password in it.
	cmd.PersistentFlags().StringVar(&c.database, "auth-database-uri", "",
		"`URI` of the database of users (default from MLFLOW_AUTH_CONFIG_PATH, or sqlite:///basic_auth.db)")
	cmd.PersistentFlags().BoolVar(&c.asJSON, "json", false, "print the result as JSON")
	return cmd, c
}

// run returns the RunE of a command that uses the store.
func (c *command) run(
	do func(cmd *cobra.Command, args []string, st *accounts.Store) error,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		st, err := c.open(cmd)
		if err != nil {
			return err
		}
		return errors.Join(do(cmd, args, st), st.Close())
	}
}

func (c *command) open(cmd *cobra.Command) (*accounts.Store, error) {
	uri := c.database
	if uri == "" {
		users, err := config.LoadUsers(os.Getenv)
		if err != nil {
			return nil, err
		}
		uri = users.DatabaseURI
	}
	logs, err := config.LogOf(os.Getenv)
	if err != nil {
		return nil, err
	}
	return accounts.Open(cmd.Context(), accounts.Options{
		URI: uri, SlowStatement: logs.SlowStatement, Log: slog.New(server.LogHandler(cmd.ErrOrStderr(), logs)),
	})
}

// print writes v as JSON if the user asked for it, and otherwise calls text.
func (c *command) print(cmd *cobra.Command, v any, text func(out io.Writer) error) error {
	if !c.asJSON {
		return text(cmd.OutOrStdout())
	}
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// printf prints v as JSON, or a line with names of users and roles, which may have any
// character.
func (c *command) printf(cmd *cobra.Command, v any, format string, names ...any) error {
	return c.print(cmd, v, func(out io.Writer) error {
		_, err := fmt.Fprintln(out, output.Printable(fmt.Sprintf(format, names...)))
		return err
	})
}

// done prints a line, or {} as JSON.
func (c *command) done(cmd *cobra.Command, format string, names ...any) error {
	return c.printf(cmd, struct{}{}, format, names...)
}

// grantHelp explains the arguments of commands that change grants.
func grantHelp() string {
	var some, parts []string
	for _, t := range access.Types {
		switch {
		case t == access.Workspace:
		case t.OnlyAny():
			parts = append(parts, string(t))
		default:
			some = append(some, string(t))
		}
	}
	return `
PERMISSION is READ, USE, EDIT, MANAGE or DENY. Each of the first four includes the ones before it;
DENY takes away what other grants on the same resource give. TYPE and ID name the resource, which
need not exist. These types have an ID, or * for all resources of the type:
` + wrapped(some) + `
The ID can only be * for parts of these resources:
` + wrapped(parts)
}

// wrapped returns words in lines of at most 100 characters.
func wrapped(words []string) string {
	var b strings.Builder
	width := 0
	for i, w := range words {
		switch {
		case i == 0:
		case width+len(w) > 96:
			b.WriteString(",\n")
			width = 0
		default:
			b.WriteString(", ")
		}
		b.WriteString(w)
		width += len(w) + len(", ")
	}
	return b.String() + "."
}

// typeArg and permissionArg read arguments, in upper or lower case. The store refuses
// unknown ones.
func typeArg(s string) access.Type {
	return access.Type(strings.ReplaceAll(strings.ToLower(s), "-", "_"))
}

func permissionArg(s string) access.Permission { return access.Permission(strings.ToUpper(s)) }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// joinOrDash joins the parts of a cell with commas. An empty cell is a dash.
func joinOrDash(parts []string) string { return cmp.Or(strings.Join(parts, ", "), "-") }
