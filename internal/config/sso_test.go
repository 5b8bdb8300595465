package config_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/config"
)

const withIssuer = "--app-name basic-auth --oidc-issuer https://idp.example/realm --oidc-client-id m "

func TestSSO(t *testing.T) {
	t.Parallel()
	want := config.SSO{
		Issuer: "https://idp.example/realm", ClientID: "m", Name: "idp.example", UsernameClaim: "email", GroupsClaim: "groups",
		Scopes: []string{"openid", "email", "profile", "groups"},
	}
	c, err := load(t, withIssuer, nil)
	if err != nil || !reflect.DeepEqual(c.SSO, want) {
		t.Errorf("%+v, %v", c, err)
	}
	want = config.SSO{
		Issuer: "http://localhost:5556/dex", ClientID: "m", ClientSecret: "s3cret ", DeviceClientID: "cli", Name: "Our login",
		UsernameClaim: "preferred_username", GroupsClaim: "realm_access.roles", AdminGroup: "ml admins",
		Scopes: []string{"openid", "roles"}, AllowedDomains: []string{"a.example", "b.example"}, Audiences: []string{"x", "y"},
		ProxyUserHeader: "X-Forwarded-User",
	}
	c, err = load(t, "", map[string]string{
		"MILLRACE_APP_NAME": "basic-auth", "MILLRACE_OIDC_ISSUER": "http://localhost:5556/dex", "MILLRACE_OIDC_CLIENT_ID": "m",
		"MILLRACE_OIDC_DEVICE_CLIENT_ID": "cli", "MILLRACE_OIDC_NAME": "Our login", "MILLRACE_OIDC_ADMIN_GROUP": "ml admins",
		"MILLRACE_OIDC_USERNAME_CLAIM": "preferred_username", "MILLRACE_OIDC_GROUPS_CLAIM": "realm_access.roles",
		"MILLRACE_OIDC_SCOPES": "openid roles", "MILLRACE_OIDC_ALLOWED_DOMAINS": "a.example, b.example",
		"MILLRACE_OIDC_AUDIENCES": "x,y", "MILLRACE_PROXY_USER_HEADER": "X-Forwarded-User",
		"MILLRACE_OIDC_CLIENT_SECRET_FILE": writeFile(t, "secret", "s3cret \n"),
	})
	if err != nil || !reflect.DeepEqual(c.SSO, want) {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestWrongSSO(t *testing.T) {
	t.Parallel()
	const users = "--app-name basic-auth "
	for _, c := range []struct {
		args string
		env  map[string]string
		want string
	}{
		{"--oidc-issuer https://a --oidc-client-id m", nil, "needs --app-name basic-auth"},
		{users + "--oidc-issuer https://a", nil, "needs --oidc-client-id"},
		{users + "--oidc-client-id m", nil, "--oidc-client-id needs --oidc-issuer"},
		{users + "--oidc-scopes openid", nil, "--oidc-scopes needs --oidc-issuer"},
		{users, map[string]string{"MILLRACE_OIDC_ADMIN_GROUP": "a"}, "--oidc-admin-group needs --oidc-issuer"},
		{users, map[string]string{"MILLRACE_OIDC_CLIENT_SECRET": "a"}, "MILLRACE_OIDC_CLIENT_SECRET needs --oidc-issuer"},
		{withIssuer, map[string]string{"MILLRACE_OIDC_CLIENT_SECRET": "abc", "MILLRACE_OIDC_CLIENT_SECRET_FILE": "def"}, "contradict"},
		{withIssuer, map[string]string{"MILLRACE_OIDC_CLIENT_SECRET_FILE": writeFile(t, "two", "a\nb")}, "only line"},
		{users + "--oidc-issuer http://idp.example", nil, "must begin with https://"},
		{users + "--oidc-issuer http://10.0.0.1", nil, "must begin with https://"},
		{users + "--oidc-issuer idp.example", nil, "must be a URL"},
		{users + "--oidc-issuer https://u:p@idp.example", nil, "must be a URL"},
		{users + "--oidc-issuer https://idp.example/?a=b", nil, "must be a URL"},
		{withIssuer + "--oidc-scopes email", nil, "must contain openid"},
		{withIssuer + "--oidc-username-claim=", nil, "must be the name of a claim"},
		{withIssuer + "--oidc-groups-claim=", nil, "must be the name of a claim"},
		{"--proxy-user-header X-Forwarded-User", nil, "needs --app-name basic-auth"},
		{users + "--proxy-user-header X_User", nil, "must be the name of a header"},
		{users + "--proxy-user-header cookie", nil, "must be the name of a header"},
		{users + "--proxy-user-header X-User --forwarded-allow-ips *", nil, "everyone could name any user"},
		{users + "--proxy-user-header X-User --forwarded-allow-ips 10.0.0.1,0.0.0.0/0", nil, "everyone could name any user"},
		{users + "--proxy-user-header X-User --forwarded-allow-ips ::/0", nil, "everyone could name any user"},
	} {
		_, err := load(t, c.args, c.env)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "abc") {
			t.Errorf("%s %v: %v, want %q", c.args, c.env, err, c.want)
		}
	}
}
