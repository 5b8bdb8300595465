package usercmd

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/cli/output"
)

// tokens returns the command `millrace users tokens`.
func (u *usersCommand) tokens() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tokens",
		Short: "Create, list and revoke access tokens of users",
		Long: `Create, list and revoke access tokens of users. A token permits what its user may do, and less if it
has limits. Clients send it as MLFLOW_TRACKING_TOKEN or as the password.

The tokens of ` + "`millrace tokens`" + ` are for servers without users.`,
		Example: `  millrace users tokens create ann --name laptop --expires 720h
  millrace users tokens create ci --read-only --experiment 7
  millrace users tokens list ann`,
	}
	cmd.AddCommand(u.createToken(), u.listTokens(), u.revokeToken())
	return cmd
}

// newToken is the JSON of a created token.
type newToken struct {
	*accounts.Token
	Secret string `json:"secret"`
}

func (u *usersCommand) createToken() *cobra.Command {
	var name string
	var expires time.Duration
	var scope accounts.Scope
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create an access token of a user and print it",
		Long: `Create an access token of a user and print it. The token cannot be shown again, because only its
hash is stored.`,
		Example: "  millrace users tokens create ann --name laptop --expires 720h",
		Args:    cobra.ExactArgs(1),
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("expires") && expires <= 0 {
				return fmt.Errorf("--expires must be a positive duration, such as 720h, not %s", expires)
			}
			if cmd.Flags().Changed("experiment") && len(scope.ExperimentIDs) == 0 {
				return errors.New("--experiment must not be empty")
			}
			return nil
		},
		RunE: u.run(func(cmd *cobra.Command, args []string, st *accounts.Store) error {
			var expiresMS int64
			if expires > 0 {
				expiresMS = time.Now().Add(expires).UnixMilli()
			}
			secret := auth.NewToken()
			token, err := st.CreateToken(cmd.Context(), args[0], name, scope, expiresMS, auth.TokenHash(secret))
			if err != nil {
				return err
			}
			return u.print(cmd, newToken{token, secret}, func(out io.Writer) error {
				fmt.Fprintln(out, secret)
				_, err := fmt.Fprintln(cmd.ErrOrStderr(), output.Printable(fmt.Sprintf(
					"This is token %s of %s. It cannot be shown again. Set MLFLOW_TRACKING_TOKEN to it.", token.ID, args[0])))
				return err
			})
		}),
	}
	cmd.Flags().StringVar(&name, "name", "", "`text` that describes the token")
	cmd.Flags().DurationVar(&expires, "expires", 0, "validity of the token, such as 720h (default unlimited)")
	cmd.Flags().BoolVar(&scope.ReadOnly, "read-only", false, "permit only requests that change nothing")
	cmd.Flags().StringSliceVar(&scope.ExperimentIDs, "experiment", nil,
		"`id` of an experiment that the token is for; may be repeated (default all)")
	return cmd
}

func (u *usersCommand) listTokens() *cobra.Command {
	return &cobra.Command{
		Use:   "list [NAME]",
		Short: "List the access tokens of a user or of all users, without their secrets",
		Args:  cobra.MaximumNArgs(1),
		RunE: u.run(func(cmd *cobra.Command, args []string, st *accounts.Store) error {
			list, err := st.Tokens(cmd.Context())
			if len(args) == 1 {
				list, err = st.TokensOf(cmd.Context(), args[0])
			}
			if err != nil {
				return err
			}
			return u.print(cmd, list, func(out io.Writer) error { return writeTokens(out, list) })
		}),
	}
}

func writeTokens(out io.Writer, list []accounts.Token) error {
	t := output.Table{
		Empty:  "There are no access tokens.",
		Header: []string{"ID", "USER", "NAME", "LIMITS", "CREATED", "LAST USED", "STATE"},
	}
	for _, k := range list {
		used := "never"
		if k.LastUsedMS != 0 {
			used = output.Time(k.LastUsedMS)
		}
		state := "valid"
		switch {
		case k.RevokedMS != 0:
			state = "revoked " + output.Time(k.RevokedMS)
		case !k.ValidAt(time.Now().UnixMilli()):
			state = "expired " + output.Time(k.ExpiresMS)
		case k.ExpiresMS != 0:
			state = "valid until " + output.Time(k.ExpiresMS)
		}
		t.Add(k.ID, k.Username, k.Name, limits(k.Scope), output.Time(k.CreatedMS), used, state)
	}
	return t.Write(out)
}

func limits(s accounts.Scope) string {
	switch {
	case s.ReadOnly && s.ExperimentIDs != nil:
		return fmt.Sprintf("reads experiments %v", s.ExperimentIDs)
	case s.ReadOnly:
		return "reads"
	case s.ExperimentIDs != nil:
		return fmt.Sprintf("experiments %v", s.ExperimentIDs)
	}
	return "none"
}

func (u *usersCommand) revokeToken() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "Revoke an access token",
		Args:  cobra.ExactArgs(1),
		RunE: u.run(func(cmd *cobra.Command, args []string, st *accounts.Store) error {
			if err := st.RevokeToken(cmd.Context(), args[0]); err != nil {
				return err
			}
			return u.done(cmd, "Revoked token %s.", args[0])
		}),
	}
}
