package users

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/accounts/login"
	"github.com/millrace-ml/millrace/internal/accounts/oidc"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/forwarded"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

// The paths of single sign-on. They need no user.
const (
	OIDCPath         = "/ajax-api/millrace/oidc"
	OIDCLoginPath    = OIDCPath + "/login"
	OIDCCallbackPath = OIDCPath + "/callback"
)

// SSO is single sign-on by a provider of OpenID Connect.
type SSO struct {
	Provider *oidc.Provider
	// Cookie is the name of the cookie of a login that is under way.
	Cookie string
	// Prefix is the path prefix of the server, or "".
	Prefix string
}

// oidcButton tells the pages how to log in by the provider.
type oidcButton struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

var errNoSSO = mlflow.Errorf(mlflow.ResourceDoesNotExist, "This server has no single sign-on.")

func (h *Handlers) oidcRoutes(r *route.Router) {
	r.Root(http.MethodGet, OIDCPath, permit.Public, h.oidcDevice)
	r.Root(http.MethodGet, OIDCLoginPath, permit.Public, h.oidcPage(h.oidcLogin))
	r.Root(http.MethodGet, OIDCCallbackPath, permit.Public, h.oidcPage(h.oidcCallback))
}

// root returns the path of the pages as the browser knows it, without a slash at the end.
func (s *SSO) root(r *http.Request) string { return forwarded.Prefix(r) + s.Prefix }

// redirectURI returns the URL to which the provider sends browsers back.
func (s *SSO) redirectURI(r *http.Request) string {
	return forwarded.Base(r) + s.Prefix + OIDCCallbackPath
}

// button returns what the pages need, or nil without single sign-on.
func (h *Handlers) button(r *http.Request) *oidcButton {
	if h.SSO == nil {
		return nil
	}
	return &oidcButton{Name: h.SSO.Provider.Name(), URL: h.SSO.root(r) + OIDCLoginPath}
}

// oidcDevice tells `millrace login` how it gets a token of the provider.
func (h *Handlers) oidcDevice(w http.ResponseWriter, r *http.Request) error {
	if err := httplimit.RefuseBody(w, r); err != nil {
		return err
	}
	if h.SSO == nil {
		return errNoSSO
	}
	return route.WriteJSON(w, h.SSO.Provider.Device())
}

// oidcLogin sends the browser to the provider.
func (h *Handlers) oidcLogin(w http.ResponseWriter, r *http.Request) error {
	to, state, err := h.SSO.Provider.Begin(r.Context(), h.SSO.redirectURI(r), r.URL.Query().Get("next"))
	if err != nil {
		return err
	}
	h.SSO.setCookie(w, r, state, oidc.LoginTime)
	http.Redirect(w, r, to, http.StatusFound) //nolint:gosec // The provider has named the URL.
	return nil
}

// oidcCallback begins a session of the user whom the provider has sent back.
func (h *Handlers) oidcCallback(w http.ResponseWriter, r *http.Request) error {
	state := ""
	if c, err := r.Cookie(h.SSO.Cookie); err == nil {
		state = c.Value
	}
	h.SSO.setCookie(w, r, "", -time.Second) // A login ends once.
	identity, next, err := h.SSO.Provider.Finish(r.Context(), h.SSO.redirectURI(r), state, r.URL.Query())
	if err != nil {
		return err
	}
	if err := h.Login.SignOn(w, r, identity); err != nil {
		return err
	}
	http.Redirect(w, r, h.SSO.root(r)+next, http.StatusFound) //nolint:gosec // Begin has checked the path.
	return nil
}

// setCookie keeps the state of a login in the browser. The provider sends it back from
// another site, so that SameSite cannot be Strict.
func (s *SSO) setCookie(w http.ResponseWriter, r *http.Request, state string, age time.Duration) {
	http.SetCookie(w, login.NewCookie(r, s.Cookie, state, s.root(r)+OIDCPath+"/", age))
}

// oidcPage returns a handler that answers the errors of handle with a page, if the
// request is that of a browser for one.
func (h *Handlers) oidcPage(handle route.HandlerFunc) route.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := httplimit.RefuseBody(w, r); err != nil {
			return err
		}
		if h.SSO == nil {
			return errNoSSO
		}
		ctx, cancel := context.WithTimeout(r.Context(), route.Timeout)
		defer cancel()
		r = r.WithContext(ctx)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		err := handle(w, r)
		if err == nil || !strings.Contains(r.Header.Get("Accept"), "text/html") {
			return err
		}
		e := mlflow.AsError(err)
		if e == nil {
			h.Log.ErrorContext(ctx, "a single sign-on failed", "error", err)
			e = apierror.Internal()
		}
		h.SSO.writeError(w, r, e)
		return nil
	}
}

// writeError answers a request of a browser with a page.
func (s *SSO) writeError(w http.ResponseWriter, r *http.Request, e *mlflow.Error) {
	writePage(w, e.HTTPStatus(), "Login failed", paragraph(e.Message), s.root(r)+"/", "Back to the login")
}
