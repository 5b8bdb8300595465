package users

import (
	"context"
	"net/http"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/api/protojson"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/permit"
)

// LoginPath and SessionPath are the paths of routes that need no user.
const (
	LoginPath   = "/ajax-api/millrace/login"
	SessionPath = "/ajax-api/millrace/session"
)

const maxLoginBody = 16 << 10 // bytes

type loginRequest struct {
	Username string `json:"username" required:"true"`
	Password string `json:"password" required:"true"`
}

// Session tells the pages who the user is. User is nil if nobody has logged in.
type Session struct {
	// Users reports whether the server has users.
	Users bool           `json:"users"`
	User  *accounts.User `json:"user"`
	// Manages reports whether the user administers the workspace: its roles and users.
	Manages bool `json:"manages"`
	// CSRFToken is for the header [login.CSRFHeader] of requests that change something. It
	// is "" for a user without a session.
	CSRFToken string `json:"csrf_token,omitempty"`
	// OIDC is how to log in by a provider of single sign-on, or nil if there is none.
	OIDC *oidcButton `json:"oidc,omitempty"`
}

func (h *Handlers) sessionRoutes(r *route.Router) {
	r.Root(http.MethodPost, LoginPath, permit.Public, h.login)
	r.Root(http.MethodPost, "/ajax-api/millrace/logout", permit.User, h.logout)
	r.Root(http.MethodGet, SessionPath, permit.Public, h.session)
}

// login begins a session in a cookie.
func (h *Handlers) login(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), route.Timeout)
	defer cancel()
	r = r.WithContext(ctx)
	if err := route.OnlyInBody(r, "username", "password"); err != nil {
		return err
	}
	body, err := httplimit.ReadBody(w, r, maxLoginBody)
	if err != nil {
		return err
	}
	// A form of another site cannot send JSON.
	if err := route.CheckContentType(r); err != nil {
		return err
	}
	in := new(loginRequest)
	if err := protojson.Unmarshal(body, in); err != nil {
		return err
	}
	u, token, err := h.Login.Login(w, r, in.Username, in.Password)
	if err != nil {
		return err
	}
	return h.writeSession(w, r, sessionOf(u, token))
}

func (h *Handlers) logout(w http.ResponseWriter, r *http.Request) error {
	if err := h.Login.Logout(w, r); err != nil {
		return err
	}
	return h.writeSession(w, r, &Session{Users: true})
}

func (h *Handlers) session(w http.ResponseWriter, r *http.Request) error {
	if err := httplimit.RefuseBody(w, r); err != nil {
		return err
	}
	u, token, found, err := h.Login.Session(r)
	if err != nil {
		return err
	}
	if !found {
		return h.writeSession(w, r, &Session{Users: true})
	}
	return h.writeSession(w, r, sessionOf(u, token))
}

func sessionOf(u auth.User, token string) *Session {
	return &Session{
		Users: true, User: &accounts.User{ID: u.AccountID, Username: u.Name, IsAdmin: u.Grants.IsAdmin()},
		Manages: u.Grants.Manages(), CSRFToken: token,
	}
}

func (h *Handlers) writeSession(w http.ResponseWriter, r *http.Request, s *Session) error {
	s.OIDC = h.button(r)
	return writeSession(w, s)
}

func writeSession(w http.ResponseWriter, s *Session) error {
	w.Header().Set("Cache-Control", "no-store")
	return route.WriteJSON(w, s)
}

// WithoutUsers mounts the route by which the pages learn that the server has no users.
func WithoutUsers(r *route.Router) {
	r.Root(http.MethodGet, SessionPath, permit.User, func(w http.ResponseWriter, req *http.Request) error {
		u, _ := auth.FromContext(req.Context())
		var unlimited *access.Grants
		return writeSession(w, &Session{User: &accounts.User{Username: u.Email}, Manages: unlimited.Manages()})
	})
}
