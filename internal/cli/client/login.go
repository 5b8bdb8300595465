package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/spf13/cobra"
	"golang.org/x/oauth2"

	provider "github.com/millrace-ml/millrace/internal/accounts/oidc"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	// loginTokenTime is how long the token of a login is valid by default.
	loginTokenTime = 30 * 24 * time.Hour
	// providerTimeout is the timeout of a request to the provider.
	providerTimeout = 20 * time.Second
)

// NewLogin returns the command login.
func NewLogin() *cobra.Command {
	var name string
	var expires time.Duration
	cmd := &cobra.Command{
		Use:   "login [URL]",
		Short: "Log in to a server by its provider of single sign-on",
		Long: `Log in to a server by its provider of single sign-on. The command prints a web address and a code,
which can be opened on any device, and waits until the login there is complete.

The server then creates an access token. The commands of millrace and the Go client use it for this
server from now on: it is stored in the file millrace/credentials.json in the user's folder of
settings (~/.config on Linux), which only the user can read. The command also prints the variables
that the Python client needs.

The server is named by the URL, or by MLFLOW_TRACKING_URI.`,
		Example: `  millrace login https://ml.example.org
  eval "$(millrace login https://ml.example.org)"`,
		Args: cobra.MaximumNArgs(1),
		PreRunE: func(*cobra.Command, []string) error {
			if expires < 0 {
				return fmt.Errorf("--expires must be a positive duration, such as 720h, or 0, not %s", expires)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			uri := cmp.Or(append(args, "")[0], os.Getenv("MLFLOW_TRACKING_URI"), defaultURI)
			return login(cmd, uri, cmp.Or(name, defaultTokenName()), expires)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "`text` that describes the access token (default the name of this machine)")
	cmd.Flags().DurationVar(&expires, "expires", loginTokenTime, "validity of the access token; 0 means unlimited")
	return cmd
}

func defaultTokenName() string {
	host, err := os.Hostname()
	if err != nil {
		return "millrace login"
	}
	return "millrace login on " + host
}

func login(cmd *cobra.Command, uri, name string, expires time.Duration) error {
	ctx := cmd.Context()
	idToken, server, err := providerToken(cmd, uri)
	if err != nil {
		return err
	}
	m, err := mlflow.Connect(server, mlflow.WithRetryFor(retryFor), mlflow.WithToken(idToken))
	if err != nil {
		return err
	}
	request := &mlflow.CreateTokenRequest{Name: name}
	if expires > 0 {
		request.ExpiresMS = time.Now().Add(expires).UnixMilli()
	}
	created, err := m.CreateToken(ctx, request)
	if err != nil {
		return fmt.Errorf("creating an access token: %w", err)
	}
	file, err := mlflow.SaveToken(server, created.Secret)
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "Logged in to %s as %s. The access token is in %s.\nFor the Python client:\n",
		server, printable(created.Token.Username), file)
	fmt.Fprintf(cmd.OutOrStdout(), "export MLFLOW_TRACKING_URI=%s\nexport MLFLOW_TRACKING_TOKEN=%s\n",
		quoted(server), quoted(created.Secret))
	return nil
}

// providerToken returns an ID token of the provider of a server, and the address of the
// server without credentials.
func providerToken(cmd *cobra.Command, uri string) (idToken, server string, err error) {
	ctx := cmd.Context()
	u, err := url.Parse(uri)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		u.User = nil
		uri = strings.TrimRight(u.String(), "/")
	}
	m, err := mlflow.Connect(uri, mlflow.WithRetryFor(retryFor))
	if err != nil {
		return "", "", err
	}
	sso, err := m.SingleSignOn(ctx)
	switch {
	case errors.Is(err, mlflow.ResourceDoesNotExist) || errors.Is(err, mlflow.EndpointNotFound):
		return "", "", fmt.Errorf("%s has no single sign-on", m.URL())
	case err != nil:
		return "", "", err
	}
	ctx = oidc.ClientContext(ctx, &http.Client{Timeout: providerTimeout})
	flow, err := deviceFlow(ctx, sso)
	if err != nil {
		return "", "", fmt.Errorf("the provider %s: %w", sso.Issuer, err)
	}
	idToken, err = waitForUser(ctx, cmd, flow)
	if err != nil {
		return "", "", fmt.Errorf("logging in at %s: %w", sso.Issuer, err)
	}
	return idToken, m.URL(), nil
}

// deviceFlow returns the client of the device flow at the provider of a server.
func deviceFlow(ctx context.Context, sso *mlflow.SingleSignOn) (*oauth2.Config, error) {
	issuer, err := url.Parse(sso.Issuer)
	if err != nil {
		return nil, err
	}
	address, err := netip.ParseAddr(issuer.Hostname())
	local := issuer.Hostname() == "localhost" || err == nil && address.IsLoopback()
	if issuer.Scheme != "https" && (issuer.Scheme != "http" || !local) {
		return nil, errors.New("its address must begin with https://")
	}
	p, err := oidc.NewProvider(ctx, sso.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		Scopes []string `json:"scopes_supported"`
	}
	if err := p.Claims(&more); err != nil {
		return nil, err
	}
	endpoint := p.Endpoint()
	if endpoint.DeviceAuthURL == "" {
		return nil, errors.New("it does not support the device flow; create an access token on the web pages instead")
	}
	endpoint.AuthStyle = oauth2.AuthStyleInParams // A public client has no secret.
	return &oauth2.Config{
		ClientID: sso.ClientID, Endpoint: endpoint, Scopes: provider.SupportedScopes(sso.Scopes, more.Scopes),
	}, nil
}

// waitForUser tells the user where to log in and returns the ID token of the login.
func waitForUser(ctx context.Context, cmd *cobra.Command, flow *oauth2.Config) (string, error) {
	begun, err := flow.DeviceAuth(ctx)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "Open %s and enter the code %s\n",
		printable(begun.VerificationURI), printable(begun.UserCode))
	if begun.VerificationURIComplete != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "or open %s\n", printable(begun.VerificationURIComplete))
	}
	token, err := flow.DeviceAccessToken(ctx, begun)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && cmd.Context().Err() == nil:
		return "", errors.New("the code has expired")
	case err != nil:
		return "", refusal(err)
	}
	idToken, _ := token.Extra("id_token").(string)
	if idToken == "" {
		return "", errors.New("it has sent no ID token")
	}
	return idToken, nil
}

// refusal returns the error of the provider in words.
func refusal(err error) error {
	e := new(oauth2.RetrieveError)
	if !errors.As(err, &e) {
		return err
	}
	switch e.ErrorCode {
	case "access_denied":
		return errors.New("the login was refused")
	case "expired_token":
		return errors.New("the code has expired")
	}
	return err
}

// printable returns a text of others without characters that control the terminal.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return -1
	}, text)
}

// quoted returns a text as a word of a shell.
func quoted(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
