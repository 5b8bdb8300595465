// Package users has the routes of users, roles and grants: those of MLflow 3.17's
// basic-auth app, the permissions of single experiments and models of earlier releases,
// and one of Millrace. Each noun has a file.
//
// MLflow's messages name the user by username. A workspace administrator is a user with
// MANAGE on a workspace; Millrace has the workspace default only, but keeps roles of
// others.
package users

import (
	"log/slog"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/accounts/login"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/signedurl"
)

// Handlers answers the requests.
type Handlers struct {
	Accounts *accounts.Store
	// Owners finds the owners of resources. If it is nil, the server of the API sets it.
	Owners permit.Owners
	// Default is the permission on resources without a grant.
	Default access.Permission
	Login   *login.Authenticator
	// SSO is nil without single sign-on.
	SSO *SSO
	// Forms signs the CSRF tokens of forms. The key must be the same on all replicas.
	Forms *signedurl.Signer
	// Prefix is the path prefix of the server, or "".
	Prefix string
	Log    *slog.Logger
}

// Routes mounts the routes.
func (h *Handlers) Routes(r *route.Router) {
	r.AuditChanges(func() {
		h.userRoutes(r)
		h.roleRoutes(r)
		h.grantRoutes(r)
		h.classicRoutes(r)
		h.accessRoutes(r)
		h.tokenRoutes(r)
	})
	h.sessionRoutes(r)
	h.oidcRoutes(r)
	h.auditRoutes(r)
	h.signUpRoutes(r)
}
