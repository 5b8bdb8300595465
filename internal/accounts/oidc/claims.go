package oidc

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/mlflow"
)

const emailClaim = "email"

// claims are what the provider says about a user.
type claims map[string]any

// text returns a claim that is a text, or "".
func (c claims) text(name string) string {
	text, _ := c[name].(string)
	return text
}

// email returns the e-mail address of the user, and whether it is verified. Some
// providers send a text instead of a boolean.
func (c claims) email() (address string, verified bool) {
	yes := c["email_verified"] == true || c["email_verified"] == "true"
	return c.text(emailClaim), yes
}

// at returns the claim with a name or at a path, such as realm_access.roles.
func (c claims) at(path string) (value any, found bool) {
	if value, found = c[path]; found {
		return value, true
	}
	first, rest, nested := strings.Cut(path, ".")
	inner, ok := c[first].(map[string]any)
	if !nested || !ok {
		return nil, false
	}
	return claims(inner).at(rest)
}

// groups returns the groups of a user, and whether there is such a claim.
func (c claims) groups(path string) (list []string, found bool) {
	value, found := c.at(path)
	switch value := value.(type) {
	case string:
		list = []string{value}
	case []any:
		for _, v := range value {
			if group, ok := v.(string); ok {
				list = append(list, group)
			}
		}
	}
	return list, found
}

// elsewhere reports whether a claim is left out because it is too large, as Microsoft
// Entra ID does with the groups of a user who has many.
func (c claims) elsewhere(name string) bool {
	names, _ := c["_claim_names"].(map[string]any)
	_, found := names[name]
	return found
}

func claimsOf(t *oidc.IDToken) (c claims, err error) {
	err = t.Claims(&c)
	return c, err
}

// identity returns the identity of a user by its claims. complete reports that a missing
// claim with groups means that there are none.
func (p *Provider) identity(c claims, complete bool) (accounts.Identity, error) {
	none := accounts.Identity{}
	address, verified := c.email()
	if !p.allowed(address, verified) {
		return none, mlflow.Errorf(mlflow.PermissionDenied,
			"Your account has no verified e-mail address of a domain that may use this server.")
	}
	i := accounts.Identity{
		Issuer: p.o.Issuer, Subject: c.text("sub"), AdminGroup: p.o.AdminGroup,
		Username: c.text(p.o.UsernameClaim),
	}
	if i.Subject == "" {
		return none, mlflow.Errorf(mlflow.PermissionDenied, "The provider does not identify you: there is no claim sub.")
	}
	if i.Username == "" {
		return none, mlflow.Errorf(mlflow.PermissionDenied,
			"The provider does not tell your user name: there is no claim %s. The administrator of the server can ask for "+
				"another scope or name another claim.", p.o.UsernameClaim)
	}
	if p.o.UsernameClaim == emailClaim {
		if !verified {
			return none, mlflow.Errorf(mlflow.PermissionDenied,
				"The provider has not verified your e-mail address, so that it cannot be your user name.")
		}
		i.Adopts = true
	}
	i.Groups, i.KnowsGroups = c.groups(p.o.GroupsClaim)
	if !i.KnowsGroups && complete {
		i.KnowsGroups = !c.elsewhere(p.o.GroupsClaim)
	}
	return i, nil
}

// allowed reports whether a user with an e-mail address can sign on.
func (p *Provider) allowed(address string, verified bool) bool {
	if len(p.o.AllowedDomains) == 0 {
		return true
	}
	domain := address[strings.LastIndexByte(address, '@')+1:]
	return verified && strings.Contains(address, "@") &&
		slices.ContainsFunc(p.o.AllowedDomains, func(d string) bool { return strings.EqualFold(d, domain) })
}

// complete adds the claims of the user info endpoint to those of an ID token if that
// lacks some that matter.
func (p *Provider) complete(ctx context.Context, f *found, c claims, token *oauth2.Token) error {
	_, groups := c.at(p.o.GroupsClaim)
	name := c.text(p.o.UsernameClaim)
	if f.provider.UserInfoEndpoint() == "" || groups && name != "" {
		return nil
	}
	info, err := f.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return p.away(ctx, "userinfo", err)
	}
	var more map[string]json.RawMessage
	if err := info.Claims(&more); err != nil {
		return p.away(ctx, "userinfo", err)
	}
	if info.Subject == "" || info.Subject != c.text("sub") {
		return p.away(ctx, "userinfo", errOtherSubject)
	}
	for key, raw := range more {
		if _, known := c[key]; known {
			continue
		}
		// An address and its verification belong together.
		if _, hasAddress := c[emailClaim]; hasAddress && key == "email_verified" && info.Email != c.text(emailClaim) {
			continue
		}
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			return p.away(ctx, "userinfo", err)
		}
		c[key] = value
	}
	return nil
}
