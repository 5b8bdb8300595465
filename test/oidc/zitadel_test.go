package oidc

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/oauth2"
)

// users are those of the provider. The device flow of the example takes the name of a
// user for its id.
const users = `{"ann": {"ID": "ann", "Username": "ann", "Password": "verysecure", "Email": "ann@example.org", "EmailVerified": true,
	"FirstName": "Ann", "LastName": "Lee", "PreferredLanguage": "en"}}`

// keeper is the storage of the example, with clients of other kinds.
type keeper struct{ *storage.Storage }

// program is a client without a secret that uses the device flow. Its ID tokens have the
// e-mail address.
type program struct{ op.Client }

// AuthMethod implements [op.Client].
func (program) AuthMethod() oidc.AuthMethod { return oidc.AuthMethodNone }

// ApplicationType implements [op.Client].
func (program) ApplicationType() op.ApplicationType { return op.ApplicationTypeNative }

// GrantTypes implements [op.Client].
func (program) GrantTypes() []oidc.GrantType { return []oidc.GrantType{oidc.GrantTypeDeviceCode} }

// IDTokenUserinfoClaimsAssertion implements [op.Client].
func (program) IDTokenUserinfoClaimsAssertion() bool { return true }

// site is a client whose access tokens are JWTs.
type site struct{ op.Client }

// AccessTokenType implements [op.Client].
func (site) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }

// GetClientByClientID implements [op.OPStorage].
func (k keeper) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := k.Storage.GetClientByClientID(ctx, id)
	switch {
	case err == nil && id == "cli":
		return program{c}, nil
	case err == nil && id == "jwt":
		return site{c}, nil
	}
	return c, err
}

// GetPrivateClaimsFromScopes implements [op.OPStorage]: access tokens have the address.
func (k keeper) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return map[string]any{"email": "ann@example.org", "email_verified": true, "groups": []string{"admins"}}, nil
}

// startZitadel starts a provider with clients of a server and returns its issuer.
func startZitadel(t *testing.T, server string) string {
	t.Helper()
	address := freeAddress(t)
	issuer := "http://" + address + "/"
	file := filepath.Join(t.TempDir(), "users.json")
	if err := os.WriteFile(file, []byte(users), 0o600); err != nil {
		t.Fatal(err)
	}
	people, err := storage.StoreFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	callback := server + "/ajax-api/millrace/oidc/callback"
	storage.RegisterClients(
		storage.WebClient("web", "s3cret", callback), storage.WebClient("jwt", "s3cret", "http://127.0.0.1:1/callback"),
		storage.DeviceClient("cli", ""),
	)
	log := slog.New(slog.DiscardHandler)
	provider := exampleop.SetupServer(issuer, keeper{storage.NewStorage(people)}, log, false, op.WithAllowInsecure())
	s := &http.Server{Addr: address, Handler: provider, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.ListenAndServe() }() // It ends with Close.
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	waitFor(t, issuer+".well-known/openid-configuration")
	return issuer
}

// logIn fills in the form of the provider, which the browser has opened.
func (b *browser) logIn(at string) (next, text string) {
	b.t.Helper()
	form, err := url.Parse(at)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.read(b.client.PostForm(at, url.Values{
		"username": {"ann"}, "password": {"verysecure"}, "id": {form.Query().Get("authRequestID")},
	}))
}

func TestZitadel(t *testing.T) {
	address := freeAddress(t)
	server := "http://" + address
	issuer := startZitadel(t, server)
	startMillrace(t, address, "s3cret", "--oidc-issuer", issuer, "--oidc-client-id", "web",
		"--oidc-device-client-id", "cli", "--oidc-admin-group", "admins", "--oidc-audiences", "jwt")

	b := newBrowser(t)
	at, page := b.get(server + "/ajax-api/millrace/oidc/login?next=" + url.QueryEscape("/#/experiments/0"))
	contains(t, page, "password")
	if at, _ = b.logIn(at); at != server+"/#/experiments/0" {
		t.Errorf("the login leads to %s", at)
	}
	if name, isAdmin := b.user(server); name != "ann@example.org" || isAdmin {
		t.Errorf("%s %t has logged in", name, isAdmin)
	}
	token := loginCommand(t, server, func(at, code string) {
		device := newBrowser(t)
		_, page := device.read(device.client.PostForm(at+"/login", url.Values{
			"user_code": {code}, "username": {"ann"}, "password": {"verysecure"},
		}))
		contains(t, page, "cli")
		_, page = device.get(at + "/confirm?action=allowed")
		contains(t, page, "authorization allowed")
	})
	if status := bearer(t, server, token); status != 403 {
		t.Errorf("the token of millrace login, whose user is no administrator: %d", status)
	}
	access := accessToken(t, issuer)
	if status := bearer(t, server, access); status != 200 {
		t.Errorf("the access token of the provider, which has the group of administrators: %d", status)
	}
	if status := bearer(t, server, access[:len(access)-8]+"AAAAAAAA"); status != 401 {
		t.Errorf("a changed access token: %d", status)
	}
}

// accessToken returns an access token that the provider has given to another client.
func accessToken(t *testing.T, issuer string) string {
	t.Helper()
	flow := &oauth2.Config{
		ClientID: "jwt", ClientSecret: "s3cret", RedirectURL: "http://127.0.0.1:1/callback", Scopes: []string{"openid"},
		Endpoint: oauth2.Endpoint{AuthURL: issuer + "auth", TokenURL: issuer + "oauth/token"},
	}
	verifier := oauth2.GenerateVerifier()
	b := newBrowser(t)
	code := ""
	b.client.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if req.URL.Host == "127.0.0.1:1" {
			code = req.URL.Query().Get("code")
			return http.ErrUseLastResponse
		}
		return nil
	}
	at, _ := b.get(flow.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)))
	form, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.client.PostForm(at, url.Values{
		"username": {"ann"}, "password": {"verysecure"}, "id": {form.Query().Get("authRequestID")},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	token, err := flow.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	return token.AccessToken
}
