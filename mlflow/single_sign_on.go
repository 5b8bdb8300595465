package mlflow

import (
	"context"
	"net/http"
)

// SingleSignOn is the provider of OpenID Connect by which the users of a server log in,
// for programs that use the device flow.
type SingleSignOn struct {
	Issuer   string   `json:"issuer"`
	ClientID string   `json:"client_id"`
	Scopes   []string `json:"scopes"`
}

// SingleSignOn returns the provider by which users log in. The error is
// [ResourceDoesNotExist] if there is none. Only Millrace has the route.
func (c *Client) SingleSignOn(ctx context.Context) (*SingleSignOn, error) {
	out := &SingleSignOn{}
	return out, c.exchange(ctx, true, http.MethodGet, c.base+"/ajax-api/millrace/oidc", nil, out)
}

// CreateTokenRequest creates an access token of the user, or, for administrators, of
// Username. ExpiresMS is in Unix milliseconds; 0 means never.
type CreateTokenRequest struct {
	Username      string   `json:"username,omitempty"`
	Name          string   `json:"name"`
	ReadOnly      bool     `json:"read_only,omitempty"`
	ExperimentIDs []string `json:"experiment_ids,omitempty"`
	ExpiresMS     int64    `json:"expires_ms,omitempty"`
}

// AccessToken is an access token without its secret.
type AccessToken struct {
	ID        string `json:"id"`
	Username  string `json:"user"`
	Name      string `json:"name"`
	ExpiresMS int64  `json:"expires_ms"`
}

// CreateTokenResponse has the secret, which cannot be read again.
type CreateTokenResponse struct {
	Token  AccessToken `json:"token"`
	Secret string      `json:"secret"`
}

// CreateToken creates an access token on a server with users. Only Millrace has the
// route.
func (c *Client) CreateToken(ctx context.Context, in *CreateTokenRequest) (*CreateTokenResponse, error) {
	return call(ctx, c, Endpoint[CreateTokenRequest, CreateTokenResponse]{
		Method: http.MethodPost, Path: "millrace/tokens/create",
	}, in)
}
