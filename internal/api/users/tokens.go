package users

import (
	"context"
	"errors"
	"net/http"

	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

// createTokenRequest creates an access token of the user of the request, or, for an
// administrator, of Username. ExpiresMS is in Unix milliseconds; 0 means never. The token
// permits only what its user may do, and less with ReadOnly or ExperimentIDs.
type createTokenRequest struct {
	Username      string   `json:"username"`
	Name          string   `json:"name" required:"true"`
	ReadOnly      bool     `json:"read_only"`
	ExperimentIDs []string `json:"experiment_ids"`
	ExpiresMS     int64    `json:"expires_ms"`
}

// createTokenResponse has the secret, which cannot be shown again.
type createTokenResponse struct {
	Token  *accounts.Token `json:"token"`
	Secret string          `json:"secret"`
}

// listTokensRequest asks for the tokens of the user of the request, or, for an
// administrator, of Username.
type listTokensRequest struct {
	Username string `json:"username"`
}

type tokensResponse struct {
	Tokens []accounts.Token `json:"tokens"`
}

type revokeTokenRequest struct {
	ID string `json:"id" required:"true"`
}

var (
	createToken = mlflow.Endpoint[createTokenRequest, createTokenResponse]{
		Method: http.MethodPost, Path: "millrace/tokens/create",
	}
	listTokens = mlflow.Endpoint[listTokensRequest, tokensResponse]{
		Method: http.MethodGet, Path: "millrace/tokens/list",
	}
	revokeToken = mlflow.Endpoint[revokeTokenRequest, mlflow.Empty]{
		Method: http.MethodPost, Path: "millrace/tokens/revoke",
	}
)

func (h *Handlers) tokenRoutes(r *route.Router) {
	create := permit.For("token:create", func(c *permit.Checker, in *createTokenRequest) error {
		return ownTokens(c, in.Username, true)
	})
	list := permit.For("token:list", func(c *permit.Checker, in *listTokensRequest) error {
		return ownTokens(c, in.Username, false)
	})
	revoke := permit.For("token:revoke", func(c *permit.Checker, in *revokeTokenRequest) error {
		if c.Grants.IsAdmin() {
			return nil
		}
		token, err := h.Accounts.Token(c.Context(), in.ID)
		switch {
		case errors.Is(err, mlflow.ResourceDoesNotExist):
			return permit.ErrDenied
		case err != nil:
			return err
		case !isSelf(c.Context(), token.Username) || c.Grants.IsLimited():
			return permit.ErrDenied
		}
		return nil
	})
	route.On(r, createToken, create, h.createToken)
	route.On(r, listTokens, list, h.listTokens)
	route.On(r, revokeToken, revoke, h.revokeToken)
}

// ownTokens checks that the user may see or change the tokens of a user: its own, or, for
// an administrator, those of all. A token that permits less than its user may do cannot
// make another one.
func ownTokens(c *permit.Checker, username string, change bool) error {
	self := username == "" || isSelf(c.Context(), username)
	if c.Grants.IsAdmin() || self && (!change || !c.Grants.IsLimited()) {
		return nil
	}
	return permit.ErrDenied
}

func (h *Handlers) createToken(ctx context.Context, in *createTokenRequest) (*createTokenResponse, error) {
	secret := auth.NewToken()
	scope := accounts.Scope{ReadOnly: in.ReadOnly, ExperimentIDs: in.ExperimentIDs}
	token, err := h.Accounts.CreateToken(
		ctx, ownerOf(ctx, in.Username), in.Name, scope, in.ExpiresMS, auth.TokenHash(secret))
	if err != nil {
		return nil, err
	}
	return &createTokenResponse{token, secret}, nil
}

// ownerOf returns the user that a request names, or the user of the request.
func ownerOf(ctx context.Context, username string) string {
	if username != "" {
		return username
	}
	u, _ := auth.FromContext(ctx)
	return u.Name
}

func (h *Handlers) listTokens(ctx context.Context, in *listTokensRequest) (*tokensResponse, error) {
	list, err := h.Accounts.TokensOf(ctx, ownerOf(ctx, in.Username))
	return &tokensResponse{list}, err
}

func (h *Handlers) revokeToken(ctx context.Context, in *revokeTokenRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.Accounts.RevokeToken(ctx, in.ID)
}
