package users_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/millrace-ml/millrace/internal/accounts"
)

// TestAudit changes things and looks for them in the audit log.
func TestAudit(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const wrong = "wrong-password-12"
	send := func(user, method, path, body string, want int) {
		t.Helper()
		if status, answer := s.send(user, method, fullPath(path), body); status != want {
			t.Fatalf("%s %s: %d %s", method, path, status, answer)
		}
	}
	s.sendWith("eve", wrong, "GET", fullPath("users/current"), "")
	send("admin", "POST", "users/create", `{"username":"new","password":"newpassword12"}`, 200)
	send("eve", "POST", "users/create", `{"username":"x","password":"newpassword12"}`, 403)
	send("bob", "PATCH", "users/update-password", `{"username":"bob","password":"newpassword12","current_password":"x"}`, 400)
	send("bob", "POST", "3users/permissions/grant",
		`{"username":"eve","resource_type":"experiment","resource_id":"1","permission":"EDIT"}`, 200)
	send("admin", "POST", "experiments/delete", `{"experiment_id":"1"}`, 200)
	send("admin", "POST", "experiments/delete", `{"experiment_id":"777"}`, 404)
	send("admin", "DELETE", "registered-models/delete", `{"name":"m"}`, 200)
	send("bob", "GET", "users/current", "", 200)
	b := &browser{server: s}
	b.login(t, "eve", "evepassword12")
	b.want(t, 200, "POST", "/ajax-api/millrace/logout", "{}")

	status, text := s.send("admin", "GET", "/api/millrace/audit?max_results=1000", "")
	var out struct {
		Entries []accounts.AuditEntry `json:"entries"`
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil || status != 200 {
		t.Fatalf("%d %s, %v", status, text, err)
	}
	var got []string
	for i := len(out.Entries) - 1; i >= 0; i-- {
		e := out.Entries[i]
		if e.Action == "login" && e.Result == "OK" {
			continue // They depend on which users have logged in before.
		}
		if e.Client != "127.0.0.1" || e.TimestampMS == 0 {
			t.Errorf("%+v", e)
		}
		got = append(got, strings.Join([]string{e.Username, e.Action, e.Result, e.Detail}, " "))
	}
	want := []string{
		`eve login UNAUTHENTICATED {}`,
		`admin users/create OK {"username":"new"}`,
		`eve users/create PERMISSION_DENIED {"username":"x"}`,
		`bob login UNAUTHENTICATED {}`,
		`bob users/update-password INVALID_PARAMETER_VALUE {"username":"bob"}`,
		`bob users/permissions/grant OK {"permission":"EDIT","resource_id":"1","resource_type":"experiment","username":"eve"}`,
		`admin experiments/delete OK {"experiment_id":"1"}`,
		`admin experiments/delete RESOURCE_DOES_NOT_EXIST {"experiment_id":"777"}`,
		`admin registered-models/delete OK {"name":"m"}`,
		`eve session/begin OK {}`,
		`eve session/end OK {}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the log has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, secret := range []string{"password12", wrong} {
		if strings.Contains(text, secret) {
			t.Errorf("the log has a password: %s", text)
		}
	}
}
