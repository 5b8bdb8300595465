package users_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var formToken = regexp.MustCompile(`name="csrf_token" value="([^"]+)"`)

// TestSignUp creates users by the form.
func TestSignUp(t *testing.T) {
	t.Parallel()
	b := &browser{server: newServer(t)}
	b.login(t, "admin", "adminpassword12")
	const path = "/api/2.0/mlflow/users/create-ui"
	token := func() string {
		t.Helper()
		page := b.want(t, 200, "GET", "/signup", "")
		found := formToken.FindStringSubmatch(page)
		if found == nil {
			t.Fatalf("the form has no token: %s", page)
		}
		return found[1]
	}
	send := func(name, password, token string, status int, want string) {
		t.Helper()
		b.headers = map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
		form := url.Values{"username": {name}, "password": {password}}
		if token != "" {
			form.Set("csrf_token", token)
		}
		if answer := b.want(t, status, "POST", path, form.Encode()); !strings.Contains(answer, want) {
			t.Errorf("%s: %s, want %s", name, answer, want)
		}
		b.headers = nil
	}
	good := token()
	send("new", "newpassword12", good, 200, "Successfully signed up user: new")
	send("new", "newpassword12", good, 400, "already exists")
	send("<b>x", "newpassword12", good, 200, "&lt;b&gt;x")
	send("short", "short", good, 400, "12 characters")
	send("", "newpassword12", good, 400, "cannot be empty")
	send("stranger", "newpassword12", "", 400, "The CSRF token is missing.")
	send("stranger", "newpassword12", good+"x", 400, "The CSRF token is invalid.")
	b.login(t, "wsa", "wsapassword12")
	send("stranger", "newpassword12", good, 400, "The CSRF token is invalid.") // of another user
	send("by the manager", "newpassword12", token(), 200, "Successfully")
	b.want(t, 400, "POST", path, `{"username":"x","password":"newpassword12"}`)
	if status, answer := b.send("new", "GET", fullPath("users/current"), ""); status != 200 || strings.Contains(answer, `"is_admin":true`) {
		t.Errorf("the new user: %d %s", status, answer)
	}
	if status, _ := b.send("stranger", "GET", fullPath("users/current"), ""); status != 401 {
		t.Errorf("a user was created without a token: %d", status)
	}
}
