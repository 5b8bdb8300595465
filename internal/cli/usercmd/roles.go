package usercmd

import (
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/cli/output"
)

// NewRoles returns the command `millrace roles`.
func NewRoles() *cobra.Command {
	cmd, c := newCommand("roles", "Manage roles, which are grants that several users share", "",
		`  millrace roles create team-a
  millrace roles grant team-a experiment 3 EDIT
  millrace roles assign team-a ann
  millrace roles list`)
	cmd.Aliases = []string{"groups"}
	r := &rolesCommand{command: c}
	cmd.PersistentFlags().StringVar(&r.workspace, "workspace", accounts.DefaultWorkspace, "`name` of the role's workspace")
	cmd.AddCommand(r.create(), r.list(), r.delete(), r.assign(), r.unassign(), r.grant(), r.revoke())
	return cmd
}

type rolesCommand struct {
	*command
	workspace string
}

// onRole returns the RunE of a command whose first argument is a role.
func (r *rolesCommand) onRole(
	do func(cmd *cobra.Command, args []string, st *accounts.Store, role *accounts.Role) error,
) func(*cobra.Command, []string) error {
	return r.run(func(cmd *cobra.Command, args []string, st *accounts.Store) error {
		role, err := st.RoleNamed(cmd.Context(), r.workspace, args[0])
		if err != nil {
			return err
		}
		return do(cmd, args, st, role)
	})
}

func (r *rolesCommand) create() *cobra.Command {
	var description string
	cmd := &cobra.Command{
		Use:   "create ROLE",
		Short: "Create a role without grants",
		Args:  cobra.ExactArgs(1),
		RunE: r.run(func(cmd *cobra.Command, args []string, st *accounts.Store) error {
			var text *string
			if cmd.Flags().Changed("description") {
				text = &description
			}
			role, err := st.CreateRole(cmd.Context(), r.workspace, args[0], text)
			if err != nil {
				return err
			}
			return r.printf(cmd, role, "Created role %s.", args[0])
		}),
	}
	cmd.Flags().StringVar(&description, "description", "", "`text` that describes the role")
	return cmd
}

// roleWithMembers is the JSON of a listed role.
type roleWithMembers struct {
	accounts.Role
	Members []string `json:"members"`
}

func (r *rolesCommand) list() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the roles of a workspace with their users and grants",
		Long: `List the roles of a workspace with their users and grants. The grants of single users are listed by
"millrace grants list".`,
		Args: cobra.NoArgs,
		RunE: r.run(func(cmd *cobra.Command, _ []string, st *accounts.Store) error {
			roles, err := st.Roles(cmd.Context(), []string{r.workspace})
			if err != nil {
				return err
			}
			users, err := st.UsersWithRoles(cmd.Context())
			if err != nil {
				return err
			}
			members := map[int64][]string{}
			for _, u := range users {
				for _, role := range u.Roles {
					members[role.ID] = append(members[role.ID], u.Username)
				}
			}
			list := []roleWithMembers{}
			for _, role := range roles {
				if _, own := role.Owner(); !own {
					list = append(list, roleWithMembers{role, append([]string{}, members[role.ID]...)})
				}
			}
			return r.print(cmd, list, func(out io.Writer) error { return writeRoles(out, list) })
		}),
	}
}

func writeRoles(out io.Writer, list []roleWithMembers) error {
	t := output.Table{Empty: "There are no roles.", Header: []string{"ID", "NAME", "USERS", "GRANTS"}}
	for _, role := range list {
		var grants []string
		for _, p := range role.Permissions {
			grants = append(grants, fmt.Sprintf("%s %s: %s", p.ResourceType, p.ResourcePattern, p.Permission))
		}
		t.Add(strconv.FormatInt(role.ID, 10), role.Name, joinOrDash(role.Members), joinOrDash(grants))
	}
	return t.Write(out)
}

func (r *rolesCommand) delete() *cobra.Command {
	return &cobra.Command{
		Use:   "delete ROLE",
		Short: "Delete a role with its grants",
		Args:  cobra.ExactArgs(1),
		RunE: r.onRole(func(cmd *cobra.Command, args []string, st *accounts.Store, role *accounts.Role) error {
			if err := st.DeleteRole(cmd.Context(), role.ID); err != nil {
				return err
			}
			return r.done(cmd, "Deleted role %s.", args[0])
		}),
	}
}

func (r *rolesCommand) assign() *cobra.Command {
	return &cobra.Command{
		Use:   "assign ROLE USER",
		Short: "Give a role to a user",
		Args:  cobra.ExactArgs(2),
		RunE: r.onRole(func(cmd *cobra.Command, args []string, st *accounts.Store, role *accounts.Role) error {
			a, err := st.Assign(cmd.Context(), args[1], role.ID)
			if err != nil {
				return err
			}
			return r.printf(cmd, a, "User %s has role %s.", args[1], args[0])
		}),
	}
}

func (r *rolesCommand) unassign() *cobra.Command {
	return &cobra.Command{
		Use:   "unassign ROLE USER",
		Short: "Take a role from a user",
		Args:  cobra.ExactArgs(2),
		RunE: r.onRole(func(cmd *cobra.Command, args []string, st *accounts.Store, role *accounts.Role) error {
			if err := st.Unassign(cmd.Context(), args[1], role.ID); err != nil {
				return err
			}
			return r.done(cmd, "User %s no longer has role %s.", args[1], args[0])
		}),
	}
}

func (r *rolesCommand) grant() *cobra.Command {
	return &cobra.Command{
		Use:   "grant ROLE TYPE ID PERMISSION",
		Short: "Add a grant to a role",
		Long: "Add a grant to a role.\n" + grantHelp() + `

MANAGE on the type workspace with the ID * permits everything in the role's workspace, whatever
other grants deny, and makes the role's users administrators of its roles.`,
		Example: `  millrace roles grant team-a experiment 3 EDIT
  millrace roles grant team-a registered_model "*" READ`,
		Args: cobra.ExactArgs(4),
		RunE: r.onRole(func(cmd *cobra.Command, args []string, st *accounts.Store, role *accounts.Role) error {
			p, err := st.AddPermission(cmd.Context(), role.ID, typeArg(args[1]), args[2], permissionArg(args[3]))
			if err != nil {
				return err
			}
			return r.printf(cmd, p, "Role %s has %s on %s %s.", args[0], p.Permission, p.ResourceType, args[2])
		}),
	}
}

func (r *rolesCommand) revoke() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ROLE TYPE ID",
		Short: "Remove a grant from a role",
		Args:  cobra.ExactArgs(3),
		RunE: r.onRole(func(cmd *cobra.Command, args []string, st *accounts.Store, role *accounts.Role) error {
			resource := typeArg(args[1])
			id := grantOf(role, resource, args[2])
			if id == 0 {
				return fmt.Errorf("role %s has no grant on %s %s", args[0], resource, args[2])
			}
			if err := st.RemovePermission(cmd.Context(), id); err != nil {
				return err
			}
			return r.done(cmd, "Role %s no longer has a grant on %s %s.", args[0], resource, args[2])
		}),
	}
}

// grantOf returns the id of a role's grant on a resource, or 0.
func grantOf(role *accounts.Role, resource access.Type, pattern string) int64 {
	for _, p := range role.Permissions {
		if p.ResourceType == resource && p.ResourcePattern == pattern {
			return p.ID
		}
	}
	return 0
}
