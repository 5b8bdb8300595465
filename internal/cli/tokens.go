package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/mail"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/cli/output"
	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/server"
	"github.com/millrace-ml/millrace/internal/store"
)

func newTokensCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tokens",
		Short: "Create, list and revoke access tokens",
		Long: `Create, list and revoke access tokens. They are stored in the server's database.

A server accepts every request until the first token is created. After that, every request needs
a valid token: as MLFLOW_TRACKING_TOKEN, as DATABRICKS_TOKEN, or as the password of Basic
authentication with any user name (MLFLOW_TRACKING_PASSWORD, or in a browser). This remains so
after the last token has expired or is revoked.

A running server applies a change within two seconds. On a server with --app-name basic-auth, each
user has tokens: see millrace users tokens.`,
		Example: `  millrace tokens create --user me@example.org --name laptop --expires 720h
  millrace tokens list
  millrace tokens revoke $TOKEN_ID`,
	}
	// Of the server's options only the one for the database applies.
	options := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Flags(options)
	cmd.PersistentFlags().AddFlag(options.Lookup("backend-store-uri"))
	withStore := func(run storeCommand) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, args []string) error {
			c, err := config.Load(options, os.Getenv)
			if err != nil {
				return err
			}
			st, err := server.OpenStore(cmd.Context(), c, slog.New(server.LogHandler(cmd.ErrOrStderr(), c.Log)))
			if err != nil {
				return err
			}
			return errors.Join(run(cmd, args, st), st.Close())
		}
	}
	cmd.AddCommand(newTokensCreate(withStore), newTokensList(withStore), newTokensRevoke(withStore))
	return cmd
}

// storeCommand is the RunE of a command that uses the store.
type storeCommand func(cmd *cobra.Command, args []string, st *store.Store) error

// storeRunner opens the store for a command and closes it afterwards.
type storeRunner func(storeCommand) func(*cobra.Command, []string) error

func newTokensCreate(withStore storeRunner) *cobra.Command {
	var email, name string
	var expires time.Duration
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create an access token and print it",
		Long: `Create an access token and print it. The token cannot be shown again, because only its hash is
stored.`,
		Example: "  millrace tokens create --user me@example.org",
		Args:    cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if a, err := mail.ParseAddress(email); err != nil || a.Address != email || len(email) > 255 {
				return fmt.Errorf("--user must be an e-mail address such as me@example.org, not %q", email)
			}
			if len(name) > 250 {
				return errors.New("--name must be at most 250 bytes long")
			}
			if cmd.Flags().Changed("expires") && expires <= 0 {
				return fmt.Errorf("--expires must be a positive duration, such as 720h, not %s", expires)
			}
			return nil
		},
		RunE: withStore(func(cmd *cobra.Command, _ []string, st *store.Store) error {
			var expiresMS int64
			if expires > 0 {
				expiresMS = time.Now().Add(expires).UnixMilli()
			}
			secret := auth.NewToken()
			token, err := st.CreateToken(cmd.Context(), email, name, auth.TokenHash(secret), expiresMS)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), secret)
			fmt.Fprintf(cmd.ErrOrStderr(),
				"This is token %s of %s. It cannot be shown again. Set MLFLOW_TRACKING_TOKEN to it.\n", token.ID, email)
			return nil
		}),
	}
	cmd.Flags().StringVar(&email, "user", "", "e-mail `address` of the user of the token (required)")
	cmd.Flags().StringVar(&name, "name", "", "`text` that describes the token")
	cmd.Flags().DurationVar(&expires, "expires", 0, "validity of the token, such as 720h (default unlimited)")
	return cmd
}

func newTokensList(withStore storeRunner) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List access tokens, without their secrets",
		Args:  cobra.NoArgs,
		RunE: withStore(func(cmd *cobra.Command, _ []string, st *store.Store) error {
			tokens, err := st.Tokens(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(tokens)
			}
			return writeTokens(cmd.OutOrStdout(), tokens)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the tokens as JSON, with times in Unix milliseconds")
	return cmd
}

func writeTokens(out io.Writer, tokens []store.Token) error {
	t := output.Table{
		Empty:  "There are no access tokens: the server accepts every request.",
		Header: []string{"ID", "USER", "NAME", "CREATED", "STATE"},
	}
	for _, token := range tokens {
		state := "valid"
		switch {
		case token.RevokedMS != 0:
			state = "revoked " + output.Time(token.RevokedMS)
		case token.ExpiresMS != 0 && token.ExpiresMS <= time.Now().UnixMilli():
			state = "expired " + output.Time(token.ExpiresMS)
		case token.ExpiresMS != 0:
			state = "valid until " + output.Time(token.ExpiresMS)
		}
		t.Add(token.ID, token.Email, token.Name, output.Time(token.CreatedMS), state)
	}
	return t.Write(out)
}

func newTokensRevoke(withStore storeRunner) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "Revoke an access token",
		Args:  cobra.ExactArgs(1),
		RunE: withStore(func(cmd *cobra.Command, args []string, st *store.Store) error {
			if err := st.RevokeToken(cmd.Context(), args[0]); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "Revoked token %s.\n", args[0])
			return err
		}),
	}
}
