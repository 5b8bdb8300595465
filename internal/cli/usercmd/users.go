package usercmd

import (
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/cli/output"
)

// NewUsers returns the command `millrace users`.
func NewUsers() *cobra.Command {
	cmd, c := newCommand("users", "Create, list and delete users", "",
		`  millrace users create ann --admin
  millrace users create bob --password-file bob.txt
  millrace users create ci --generate-password
  millrace users list`)
	u := &usersCommand{c}
	cmd.AddCommand(u.create(), u.list(), u.delete(), u.setPassword(), u.setAdmin(), u.tokens())
	return cmd
}

type usersCommand struct{ *command }

// newUser is the JSON of a created user.
type newUser struct {
	*accounts.User
	// Password is only that of --generate-password.
	Password string `json:"password,omitempty"`
}

func (u *usersCommand) create() *cobra.Command {
	var isAdmin bool
	var flags passwordFlags
	cmd := &cobra.Command{
		Use:     "create NAME",
		Short:   "Create a user",
		Long:    "Create a user.\n" + passwordHelp,
		Example: "  millrace users create ann --admin",
		Args:    cobra.ExactArgs(1),
		RunE: u.run(func(cmd *cobra.Command, args []string, st *accounts.Store) error {
			password, err := flags.read(cmd, args[0])
			if err != nil {
				return err
			}
			user, err := st.CreateUser(cmd.Context(), args[0], password, isAdmin)
			if err != nil {
				return err
			}
			return u.printPassword(cmd, flags, newUser{User: user}, password, "Created user %s.")
		}),
	}
	cmd.Flags().BoolVar(&isAdmin, "admin", false, "make the user an administrator, who may do everything")
	flags.add(cmd)
	return cmd
}

// printPassword prints a message about a user, whose %s is the name. A generated password
// is the only thing on standard output.
func (u *usersCommand) printPassword(
	cmd *cobra.Command, flags passwordFlags, user newUser, password, message string,
) error {
	if !flags.generate {
		return u.printf(cmd, user, message, user.Username)
	}
	if user.Password = password; u.asJSON {
		return u.printf(cmd, user, message, user.Username)
	}
	fmt.Fprintln(cmd.OutOrStdout(), password)
	_, err := fmt.Fprintln(cmd.ErrOrStderr(),
		output.Printable(fmt.Sprintf(message, user.Username)), "This password cannot be shown again.")
	return err
}

func (u *usersCommand) list() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List users with their roles",
		Args:  cobra.NoArgs,
		RunE: u.run(func(cmd *cobra.Command, _ []string, st *accounts.Store) error {
			list, err := st.UsersWithRoles(cmd.Context())
			if err != nil {
				return err
			}
			return u.print(cmd, list, func(out io.Writer) error { return writeUsers(out, list) })
		}),
	}
}

func writeUsers(out io.Writer, list []accounts.UserWithRoles) error {
	t := output.Table{Empty: "There are no users.", Header: []string{"ID", "NAME", "ADMIN", "ROLES"}}
	for _, user := range list {
		var roles []string
		for _, r := range user.Roles {
			if _, own := r.Owner(); !own {
				roles = append(roles, r.Name)
			}
		}
		t.Add(strconv.FormatInt(user.ID, 10), user.Username, yesNo(user.IsAdmin), joinOrDash(roles))
	}
	return t.Write(out)
}

func (u *usersCommand) delete() *cobra.Command {
	return &cobra.Command{
		Use:   "delete NAME",
		Short: "Delete a user with its grants and access tokens",
		Args:  cobra.ExactArgs(1),
		RunE: u.run(func(cmd *cobra.Command, args []string, st *accounts.Store) error {
			if err := st.DeleteUser(cmd.Context(), args[0]); err != nil {
				return err
			}
			return u.done(cmd, "Deleted user %s.", args[0])
		}),
	}
}

func (u *usersCommand) setPassword() *cobra.Command {
	var flags passwordFlags
	cmd := &cobra.Command{
		Use:   "set-password NAME",
		Short: "Change the password of a user",
		Long:  "Change the password of a user. The user's access tokens remain valid.\n" + passwordHelp,
		Args:  cobra.ExactArgs(1),
		RunE: u.run(func(cmd *cobra.Command, args []string, st *accounts.Store) error {
			user, err := st.User(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			password, err := flags.read(cmd, args[0])
			if err != nil {
				return err
			}
			if err := st.SetPassword(cmd.Context(), args[0], password); err != nil {
				return err
			}
			return u.printPassword(cmd, flags, newUser{User: user}, password, "Changed the password of user %s.")
		}),
	}
	flags.add(cmd)
	return cmd
}

func (u *usersCommand) setAdmin() *cobra.Command {
	return &cobra.Command{
		Use:   "set-admin NAME [true|false]",
		Short: "Make a user an administrator, or take that away",
		Args:  cobra.RangeArgs(1, 2),
		RunE: u.run(func(cmd *cobra.Command, args []string, st *accounts.Store) error {
			isAdmin := true
			if len(args) == 2 {
				var err error
				if isAdmin, err = strconv.ParseBool(args[1]); err != nil {
					return fmt.Errorf("the second argument must be true or false, not %q", args[1])
				}
			}
			if err := st.SetAdmin(cmd.Context(), args[0], isAdmin); err != nil {
				return err
			}
			user, err := st.User(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			message := "User %s is no administrator."
			if isAdmin {
				message = "User %s is an administrator."
			}
			return u.printf(cmd, user, message, args[0])
		}),
	}
}
