package usercmd

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/cli/output"
)

// NewGrants returns the command `millrace grants`.
func NewGrants() *cobra.Command {
	cmd, c := newCommand("grants", "Manage what single users may do", `

A resource without a grant has the default permission of the server.`,
		`  millrace grants add ann experiment 3 EDIT
  millrace grants list --user ann
  millrace grants list --type experiment --id 3
  millrace grants remove ann experiment 3`)
	g := &grantsCommand{c}
	cmd.AddCommand(g.list(), g.add(), g.remove())
	return cmd
}

type grantsCommand struct{ *command }

// userGrant is the JSON of a listed grant.
type userGrant struct {
	Username string `json:"username"`
	accounts.Held
}

func (g *grantsCommand) list() *cobra.Command {
	var user, resource, id string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the grants of users, by roles or their own, or those on a resource",
		Long: `List the grants of all users or of one, by roles or their own. With --type and --id, list the grants
that apply to a resource: on itself, on all resources of its type, and on the workspace.`,
		Args: cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("user") && user == "" {
				return errors.New("--user must not be empty")
			}
			return nil
		},
		RunE: g.run(func(cmd *cobra.Command, _ []string, st *accounts.Store) error {
			if cmd.Flags().Changed("type") {
				name := id
				if typeArg(resource) == access.Experiment {
					name = "" // The names of experiments are in another database.
				}
				list, err := st.Holders(cmd.Context(), typeArg(resource), id, name)
				if err != nil {
					return err
				}
				return g.print(cmd, list, func(out io.Writer) error { return writeHolders(out, list) })
			}
			list, err := grantsOf(cmd, st, user)
			if err != nil {
				return err
			}
			return g.print(cmd, list, func(out io.Writer) error { return writeGrants(out, list) })
		}),
	}
	cmd.Flags().StringVar(&user, "user", "", "`name` of the user (default all)")
	cmd.Flags().StringVar(&resource, "type", "", "`type` of the resource, such as experiment")
	cmd.Flags().StringVar(&id, "id", "", "`ID` of the resource")
	cmd.MarkFlagsRequiredTogether("type", "id")
	cmd.MarkFlagsMutuallyExclusive("user", "type")
	return cmd
}

// grantsOf returns the grants of a user, or of all users if the name is "".
func grantsOf(cmd *cobra.Command, st *accounts.Store, username string) ([]userGrant, error) {
	names := []string{username}
	if username == "" {
		users, err := st.Users(cmd.Context())
		if err != nil {
			return nil, err
		}
		names = nil
		for _, u := range users {
			names = append(names, u.Username)
		}
	}
	list := []userGrant{}
	for _, name := range names {
		held, err := st.GrantsOf(cmd.Context(), name)
		if err != nil {
			return nil, err
		}
		for _, h := range held {
			list = append(list, userGrant{name, h})
		}
	}
	return list, nil
}

func writeGrants(out io.Writer, list []userGrant) error {
	t := output.Table{Empty: "There are no grants.", Header: []string{"USER", "TYPE", "ID", "PERMISSION", "ROLE"}}
	for _, g := range list {
		role := g.RoleName
		if g.Direct() {
			role = "-"
		} else if g.Workspace != accounts.DefaultWorkspace {
			role += " in " + g.Workspace
		}
		t.Add(g.Username, string(g.ResourceType), g.ResourcePattern, string(g.Permission), role)
	}
	return t.Write(out)
}

func writeHolders(out io.Writer, list []accounts.Holder) error {
	t := output.Table{Empty: "There are no grants.", Header: []string{"USERS", "TYPE", "ID", "PERMISSION", "ROLE"}}
	for _, h := range list {
		users, role := h.Username, "-"
		if h.Role != "" {
			users, role = joinOrDash(h.Members), h.Role
		}
		t.Add(users, string(h.ResourceType), h.ResourcePattern, string(h.Permission), role)
	}
	return t.Write(out)
}

func (g *grantsCommand) add() *cobra.Command {
	return &cobra.Command{
		Use:     "add USER TYPE ID PERMISSION",
		Short:   "Give a user a permission on a resource",
		Long:    "Give a user a permission on a resource.\n" + grantHelp(),
		Example: "  millrace grants add ann experiment 3 EDIT",
		Args:    cobra.ExactArgs(4),
		RunE: g.run(func(cmd *cobra.Command, args []string, st *accounts.Store) error {
			resource, p := typeArg(args[1]), permissionArg(args[3])
			if err := st.Grant(cmd.Context(), args[0], resource, args[2], p); err != nil {
				return err
			}
			return g.done(cmd, "User %s has %s on %s %s.", args[0], p, resource, args[2])
		}),
	}
}

func (g *grantsCommand) remove() *cobra.Command {
	return &cobra.Command{
		Use:   "remove USER TYPE ID",
		Short: "Remove a user's own grant on a resource",
		Args:  cobra.ExactArgs(3),
		RunE: g.run(func(cmd *cobra.Command, args []string, st *accounts.Store) error {
			resource := typeArg(args[1])
			if err := st.Revoke(cmd.Context(), args[0], resource, args[2]); err != nil {
				return err
			}
			return g.done(cmd, "User %s no longer has a grant on %s %s.", args[0], resource, args[2])
		}),
	}
}
