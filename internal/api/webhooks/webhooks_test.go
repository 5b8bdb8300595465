package webhooks_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/api"
	"github.com/millrace-ml/millrace/internal/api/apitest"
	"github.com/millrace-ml/millrace/internal/api/webhooks"
	"github.com/millrace-ml/millrace/internal/webhook"
	"github.com/millrace-ml/millrace/internal/webhook/fernet"
	wire "github.com/millrace-ml/millrace/mlflow/webhooks"
)

// newServer starts a server whose webhooks may be at these addresses.
func newServer(t *testing.T, targets *webhook.Targets, key string) *apitest.Server {
	t.Helper()
	k, err := fernet.ParseKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return apitest.New(t, func(s *api.Server) {
		s.Webhooks = &webhooks.Handlers{
			Store: s.Store, Targets: targets, Sender: webhook.NewSender(targets, time.Minute), Key: k, Timeout: time.Minute,
		}
	})
}

const (
	key     = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	created = `[{"entity":"REGISTERED_MODEL","action":"CREATED"}]`
)

func create(title, name, url, rest string, status int, has ...string) apitest.Fact {
	if rest != "" {
		rest = "," + rest
	}
	return apitest.Fact{
		Name: "create, " + title, Path: "webhooks", Body: `{"name":` + strconv.Quote(name) + `,"url":` + strconv.Quote(url) + rest + `}`,
		Status: status, Has: has, HasNot: []string{`"secret"`},
	}
}

func send(method, title, path, body string, status int, has ...string) apitest.Fact {
	return apitest.Fact{
		Name: title, Method: method, Path: path, Body: body, Status: status, Has: has, HasNot: []string{`"secret"`, "gAAAA"},
	}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	const url = "https://1.1.1.1/x"
	events := `"events":` + created
	first := create("plain", "w.1-a_B", url, `"description":"d",`+events+`,"secret":"s","status":"DISABLED"`, 200,
		`"name":"w.1-a_B"`, `"description":"d"`, `"url":"https://1.1.1.1/x"`, `"status":"DISABLED"`, `"events":`+created)
	first.Save = map[string]string{"id": `"webhook_id":"([0-9a-f-]{36})"`}
	facts := []apitest.Fact{
		apitest.Get("none", "webhooks", 200, `{}`),
		first,
		create("two kinds of events", "w", url, `"events":[{"entity":"PROMPT","action":"CREATED"},{"entity":1,"action":1}],"millrace_events":[{"entity":"RUN","action":"FAILED"}]`, 200,
			`"events":[{"entity":"PROMPT","action":"CREATED"},{"entity":"REGISTERED_MODEL","action":"CREATED"}]`, `"millrace_events":[{"entity":"RUN","action":"FAILED"}]`, `"status":"ACTIVE"`),
		create("events of Millrace alone", "w", url, `"millrace_events":[{"entity":"MODEL_VERSION_STAGE","action":"MOVED"}]`, 200),
		create("no events", "w", url, "", 400, "'events'"),
		create("empty events", "w", url, `"events":[]`, 400, "'events'"),
		create("wrong action", "w", url, `"events":[{"entity":"REGISTERED_MODEL","action":"DELETED"}]`, 400, "Invalid action 'deleted' for entity 'registered_model'. Valid actions are: ['created']"),
		create("an event of Millrace among those of MLflow", "w", url, `"events":[{"entity":"RUN","action":"FAILED"}]`, 400, "Invalid action"),
		create("an event of MLflow among those of Millrace", "w", url, `"millrace_events":`+created, 400, "Invalid action"),
		create("unspecified", "w", url, `"events":[{"entity":0,"action":0}]`, 400),
		create("unknown entity", "w", url, `"events":[{"entity":"BOGUS","action":"CREATED"}]`, 400),
		create("lower case", "w", url, `"events":[{"entity":"prompt","action":"created"}]`, 400),
		create("half an event", "w", url, `"events":[{"entity":"PROMPT"}]`, 400),
		create("no event", "w", url, `"events":[{}]`, 400),
		create("twice", "w", url, `"events":[{"entity":"PROMPT","action":"CREATED"},{"entity":"PROMPT","action":"CREATED"}]`, 400, "given twice"),
		create("unknown status", "w", url, events+`,"status":"BOGUS"`, 400),
		create("empty name", "", url, events, 400, "'name'"),
		create("long name", strings.Repeat("x", 64), url, events, 400, "63 characters"),
		create("longest name", strings.Repeat("x", 63), url, events, 200),
		create("name with a space", "a b", url, events, 400, "is invalid"),
		create("name with a newline", "a\n", url, events, 400, "is invalid"),
		create("name that ends with a dot", "a.", url, events, 400, "is invalid"),
		create("empty URL", "w", "", events, 400, "'url'"),
		create("blank URL", "w", "  ", events, 400, "whitespace"),
		create("private URL", "w", "https://127.0.0.1/", events, 400, "non-public"),
		create("plain URL", "w", "http://1.1.1.1/", events, 400, "scheme"),
		create("long URL", "w", url+strings.Repeat("x", 500), events, 400, "500"),
		create("long description", "w", url, events+`,"description":"`+strings.Repeat("é", 1001)+`"`, 400, "1000"),
		create("longest secret", "w", url, events+`,"secret":"`+strings.Repeat("x", 512)+`"`, 200),
		create("long secret", "w", url, events+`,"secret":"`+strings.Repeat("x", 513)+`"`, 400, "512"),
		send("POST", "events that are no list", "webhooks", `{"name":"w","url":"x","events":1}`, 400),
		send("POST", "no JSON", "webhooks", `{`, 400),
	}
	newServer(t, &webhook.Targets{Schemes: []string{"https"}}, key).Check(t, append(facts, lifeOfWebhook()...))
}

// lifeOfWebhook has requests about the webhook {id}.
func lifeOfWebhook() []apitest.Fact {
	page := apitest.Get("page", "webhooks?max_results=2", 200, `"next_page_token"`)
	page.Save = map[string]string{"token": `"next_page_token":"([^"]+)"`}
	return []apitest.Fact{
		page,
		{Name: "the list of MLflow", Method: "GET", Path: "webhooks", Has: []string{`"w.1-a_B"`, `"RUN"`}, HasNot: []string{`"MODEL_VERSION_STAGE"`}},
		apitest.Get("the list of all", "/api/millrace/webhooks", 200, `"w.1-a_B"`, `"RUN"`, `"MODEL_VERSION_STAGE"`),
		apitest.Get("next page", "webhooks?max_results=2&page_token={token}", 200, `"webhooks"`),
		apitest.Get("0 is the default", "webhooks?max_results=0", 200, `"w.1-a_B"`),
		apitest.Get("too many", "webhooks?max_results=1001", 400, "between 1 and 1000"),
		apitest.Get("too few", "webhooks?max_results=-1", 400, "between 1 and 1000"),
		apitest.Get("bad token", "webhooks?page_token=zz", 400),
		apitest.Get("get", "webhooks/{id}", 200, `"webhook_id":"{id}"`, `"status":"DISABLED"`),
		apitest.Get("get none", "webhooks/nope", 404, "Webhook with ID nope not found."),
		send("PATCH", "nothing", "webhooks/{id}", `{}`, 200, `"name":"w.1-a_B"`, `"description":"d"`),
		send("PATCH", "empty fields", "webhooks/{id}", `{"name":"","url":"","events":[]}`, 200, `"name":"w.1-a_B"`, `"events":`+created),
		send("PATCH", "all", "webhooks/{id}", `{"name":"new","description":"","url":"https://1.1.1.1/y","secret":"","status":"ACTIVE","events":[{"entity":"PROMPT_TAG","action":"SET"}],"millrace_events":[{"entity":"RUN","action":"KILLED"}]}`, 200,
			`"name":"new","url":"https://1.1.1.1/y","events":[{"entity":"PROMPT_TAG","action":"SET"}],"millrace_events":[{"entity":"RUN","action":"KILLED"}],"status":"ACTIVE"`),
		send("PATCH", "no more events of Millrace", "webhooks/{id}", `{"millrace_events":[]}`, 200, `"events":[{"entity":"PROMPT_TAG","action":"SET"}],"status"`),
		send("PATCH", "bad name", "webhooks/{id}", `{"name":" "}`, 400, "is invalid"),
		send("PATCH", "bad URL", "webhooks/{id}", `{"url":"https://10.0.0.1/"}`, 400, "non-public"),
		send("PATCH", "bad event", "webhooks/{id}", `{"events":[{"entity":"PROMPT","action":"SET"}]}`, 400, "Invalid action"),
		send("PATCH", "bad status", "webhooks/{id}", `{"status":"x"}`, 400),
		send("PATCH", "long secret", "webhooks/{id}", `{"secret":"`+strings.Repeat("x", 513)+`"}`, 400, "512"),
		send("PATCH", "none", "webhooks/nope", `{"name":"x"}`, 404, "Webhook with ID nope not found."),
		apitest.Get("nothing was changed", "webhooks/{id}", 200, `"name":"new","url":"https://1.1.1.1/y"`),
		send("POST", "test an event that it does not have", "webhooks/{id}/test", `{"event":{"entity":"PROMPT","action":"DELETED"}}`, 400, "Invalid action 'deleted' for entity 'prompt'"),
		send("POST", "test half an event", "webhooks/{id}/test", `{"event":{"entity":"PROMPT"}}`, 400),
		send("POST", "test none", "webhooks/nope/test", `{}`, 404),
		apitest.Get("settings", "/api/millrace/webhooks/settings", 200, `"allowed_schemes":["https"],"secrets":true`, `{"entity":"RUN","action":"FINISHED"}`),
		apitest.Get("no deliveries", "/api/millrace/webhooks/{id}/deliveries", 200, `{}`),
		apitest.Get("deliveries in no state", "/api/millrace/webhooks/{id}/deliveries?state=x", 400),
		apitest.Get("deliveries of none", "/api/millrace/webhooks/nope/deliveries", 404),
		apitest.Get("no delivery", "/api/millrace/webhooks/{id}/deliveries/x", 404, "Delivery with ID x not found."),
		send("POST", "redeliver none", "/api/millrace/webhooks/{id}/deliveries/x/redeliver", `{}`, 404),
		send("DELETE", "delete", "webhooks/{id}", "", 200, `{}`),
		send("DELETE", "delete again", "webhooks/{id}", "", 404, "not found"),
		apitest.Get("get a deleted one", "webhooks/{id}", 404),
		send("PATCH", "change a deleted one", "webhooks/{id}", `{"name":"x"}`, 404),
		send("POST", "test a deleted one", "webhooks/{id}/test", `{}`, 404),
	}
}

// TestWithoutKey checks that a server without a key has no secrets.
func TestWithoutKey(t *testing.T) {
	t.Parallel()
	const url = "https://1.1.1.1/x"
	w := create("without a secret", "w", url, `"secret":"","events":`+created, 200)
	w.Save = map[string]string{"id": `"webhook_id":"([0-9a-f-]{36})"`}
	newServer(t, &webhook.Targets{Schemes: []string{"https"}}, "").Check(t, []apitest.Fact{
		create("with a secret", "w", url, `"secret":"s","events":`+created, 400, "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"),
		w,
		send("PATCH", "with a secret", "webhooks/{id}", `{"secret":"s"}`, 400, "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"),
		send("PATCH", "without a secret", "webhooks/{id}", `{"secret":""}`, 200),
		apitest.Get("settings", "/api/millrace/webhooks/settings", 200, `"secrets":false`),
	})
}

// TestTest sends examples to a receiver.
func TestTest(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := wire.Receive(r, "s")
		if err != nil {
			t.Error(err)
			return
		}
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusGone)
		}
		_, _ = w.Write([]byte(n.Entity + "." + n.Action + " " + string(n.Data)))
	}))
	t.Cleanup(receiver.Close)
	unused := httptest.NewServer(nil)
	unused.Close()
	s := newServer(t, &webhook.Targets{Schemes: []string{"http"}, AllowPrivate: true}, key)
	webhookAt := func(name, url string) apitest.Fact {
		f := create(name, name, url, `"secret":"s","status":"DISABLED","events":`+created, 200)
		f.Save = map[string]string{name: `"webhook_id":"([0-9a-f-]{36})"`}
		return f
	}
	s.Check(t, []apitest.Fact{
		webhookAt("ok", receiver.URL), webhookAt("gone", receiver.URL+"/gone"), webhookAt("unused", unused.URL),
		send("POST", "the first event", "webhooks/{ok}/test", `{}`, 200,
			`{"result":{"success":true,"response_status":200,"response_body":"registered_model.created {\"name\": \"example_model\"`),
		send("POST", "another event", "webhooks/{ok}/test", `{"event":{"entity":"PROMPT_ALIAS","action":"DELETED"}}`, 200,
			`prompt_alias.deleted {\"name\": \"example_prompt\", \"alias\": \"example_alias\"}`),
		send("POST", "an event of Millrace", "webhooks/{ok}/test", `{"event":{"entity":"RUN","action":"KILLED"}}`, 200, `run.killed`, `KILLED`),
		send("POST", "an error", "webhooks/{gone}/test", `{}`, 200, `"success":false,"response_status":410,"response_body"`),
		send("POST", "no receiver", "webhooks/{unused}/test", `{}`, 200, `{"result":{"success":false,"error_message":"Failed to test webhook: `),
	})
}
