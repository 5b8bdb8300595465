package users

import (
	"fmt"
	"html"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/forwarded"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

// The form by which MLflow's administrators create users. Millrace's pages have another
// one.
const (
	signUpPath   = "/signup"
	createUIPath = "2.0/mlflow/users/create-ui"
	// formTime is how long the form can be sent.
	formTime = time.Hour
)

// signUpForm is the form, with the path of its target and its CSRF token.
const signUpForm = `<form action="%s" method="post">
<input type="hidden" name="csrf_token" value="%s">
<p><label>User name<br><input name="username" required maxlength="255" autocomplete="off"></label></p>
<p><label>Password<br>
<input name="password" type="password" required minlength="12" autocomplete="new-password"></label></p>
<p><button>Create</button></p>
</form>`

// formGrant is the CSRF token of the form: it belongs to the user who has opened it.
type formGrant struct {
	User string `json:"u"`
}

func (h *Handlers) signUpRoutes(r *route.Router) {
	create := permit.ForRequest("user:create", func(c *permit.Checker, _ *http.Request) error {
		who, err := h.caller(c.Context())
		if err == nil && !who.mayCreateUsers() {
			err = permit.ErrDenied
		}
		return err
	})
	r.Root(http.MethodGet, signUpPath, create, h.signUpForm)
	r.Root(http.MethodPost, "/api/"+createUIPath, create.Audited(), h.signUp)
}

// root returns the path of the pages as the browser knows it, without a slash at the end.
func (h *Handlers) root(r *http.Request) string { return forwarded.Prefix(r) + h.Prefix }

func (h *Handlers) signUpForm(w http.ResponseWriter, r *http.Request) error {
	u, _ := auth.FromContext(r.Context())
	token, err := h.Forms.Sign(formGrant{u.Name}, formTime)
	if err != nil {
		return err
	}
	form := fmt.Sprintf(signUpForm, html.EscapeString(h.root(r)+"/api/"+createUIPath), html.EscapeString(token))
	writePage(w, http.StatusOK, "Create a user", form, h.root(r)+"/", "Back to the pages")
	return nil
}

// signUp creates the user of a form.
func (h *Handlers) signUp(w http.ResponseWriter, r *http.Request) error {
	form, err := h.readForm(w, r)
	if err != nil {
		return err
	}
	_, err = h.Accounts.CreateUser(r.Context(), form.Get("username"), form.Get("password"), false)
	if e := mlflow.AsError(err); e != nil && strings.Contains(r.Header.Get("Accept"), "text/html") {
		writePage(w, e.HTTPStatus(), "No user was created", paragraph(e.Message), h.root(r)+signUpPath, "Back to the form")
		return nil
	}
	if err != nil {
		return err
	}
	writePage(w, http.StatusOK, "Created a user", paragraph("Successfully signed up user: "+form.Get("username")),
		h.root(r)+"/", "Back to the pages")
	return nil
}

// readForm reads a form and checks its CSRF token.
func (h *Handlers) readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if err := route.OnlyInBody(r, "username", "password", "csrf_token"); err != nil {
		return nil, err
	}
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || t != "application/x-www-form-urlencoded" {
		return nil, apierror.Invalid("Invalid content type. Must be application/x-www-form-urlencoded")
	}
	body, err := httplimit.ReadBody(w, r, maxLoginBody)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, apierror.Invalid("The form cannot be read: %v", err)
	}
	if form.Get("csrf_token") == "" {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The CSRF token is missing.")
	}
	u, _ := auth.FromContext(r.Context())
	var g formGrant
	if h.Forms.Open(form.Get("csrf_token"), &g) != nil || g.User != u.Name {
		return nil, mlflow.Errorf(mlflow.BadRequest, "The CSRF token is invalid.")
	}
	return form, nil
}
