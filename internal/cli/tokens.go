package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/mail"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/config"
	"github.com/millrace-ml/millrace/internal/server"
	"github.com/millrace-ml/millrace/internal/store"
)

func newTokensCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tokens",
		Short: "Make, list and revoke access tokens",
		Long: "Make, list and revoke access tokens.\n\n" +
			"While no token was ever made, the server takes every request. From the first one on it wants a valid one with each:\n" +
			"as MLFLOW_TRACKING_TOKEN, as DATABRICKS_TOKEN, or as the password of Basic authentication (MLFLOW_TRACKING_PASSWORD,\n" +
			"a browser) with any user name. A running server notices a change within two seconds. A server whose last token\n" +
			"has expired or was revoked stays closed until a new one is made.",
	}
	// Of the server's options only the one that says where the tokens are.
	options := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Flags(options)
	cmd.PersistentFlags().AddFlag(options.Lookup("backend-store-uri"))
	withStore := func(run func(cmd *cobra.Command, args []string, st *store.Store) error) func(*cobra.Command, []string) error {
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

type storeRunner func(func(*cobra.Command, []string, *store.Store) error) func(*cobra.Command, []string) error

func newTokensCreate(withStore storeRunner) *cobra.Command {
	var email, name string
	var expires time.Duration
	cmd := &cobra.Command{
		Use:   "create --user me@example.org",
		Short: "Make an access token and print it, this once",
		Args:  cobra.NoArgs,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if a, err := mail.ParseAddress(email); err != nil || a.Address != email || len(email) > 255 {
				return fmt.Errorf("--user must be an e-mail address such as me@example.org, not %q", email)
			}
			if len(name) > 250 {
				return errors.New("--name can be at most 250 bytes long")
			}
			if cmd.Flags().Changed("expires") && expires <= 0 {
				return fmt.Errorf("--expires must be a time to come, such as 720h, not %s", expires)
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
			fmt.Fprintf(cmd.ErrOrStderr(), "This is token %s of %s. It is shown only now. Use it as MLFLOW_TRACKING_TOKEN.\n", token.ID, email)
			return nil
		}),
	}
	cmd.Flags().StringVar(&email, "user", "", "e-mail address of the user who will hold the token (required)")
	cmd.Flags().StringVar(&name, "name", "", "what the token is for")
	cmd.Flags().DurationVar(&expires, "expires", 0, "how long the token is valid, such as 720h (default for ever)")
	return cmd
}

func newTokensList(withStore storeRunner) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the access tokens, without their secrets",
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
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, with times in Unix milliseconds")
	return cmd
}

func writeTokens(out io.Writer, tokens []store.Token) error {
	if len(tokens) == 0 {
		_, err := fmt.Fprintln(out, "There are no access tokens: the server takes every request.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tUSER\tNAME\tCREATED\tSTATE")
	for _, t := range tokens {
		state := "valid"
		switch {
		case t.RevokedMS != 0:
			state = "revoked " + minute(t.RevokedMS)
		case t.ExpiresMS != 0 && t.ExpiresMS <= time.Now().UnixMilli():
			state = "expired " + minute(t.ExpiresMS)
		case t.ExpiresMS != 0:
			state = "valid until " + minute(t.ExpiresMS)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.ID, t.Email, t.Name, minute(t.CreatedMS), state)
	}
	return w.Flush()
}

func minute(ms int64) string { return time.UnixMilli(ms).Format("2006-01-02 15:04") }

func newTokensRevoke(withStore storeRunner) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "End the validity of an access token",
		Args:  cobra.ExactArgs(1),
		RunE: withStore(func(cmd *cobra.Command, args []string, st *store.Store) error {
			if err := st.RevokeToken(cmd.Context(), args[0]); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "Token %s is revoked.\n", args[0])
			return err
		}),
	}
}
