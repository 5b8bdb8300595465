package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/registry"
	hooks "github.com/millrace-ml/millrace/internal/store/webhooks"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/webhooks"
)

// NewWebhook creates a webhook that has all events.
func NewWebhook(t *testing.T, s *store.Store) *webhooks.Webhook {
	t.Helper()
	secret := "sealed"
	return must(s.CreateWebhook(t.Context(), &webhooks.Webhook{
		Name: "all", Description: "d", URL: "https://example.org/", Status: webhooks.Active, Events: webhooks.MLflowEvents,
		OwnEvents: webhooks.OwnEvents,
	}, &secret))(t)
}

// eventsSince returns what was queued for a webhook after a number of earlier deliveries: the
// events with their data, oldest first.
func eventsSince(t *testing.T, s *store.Store, webhookID string, earlier *int) (events []string) {
	t.Helper()
	list, _, err := s.Deliveries(t.Context(), webhookID, "", 1000, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list[:len(list)-*earlier] {
		full := must(s.Delivery(t.Context(), webhookID, d.DeliveryID))(t)
		var n webhooks.Notification
		if err := json.Unmarshal(full.Body, &n); err != nil {
			t.Fatalf("%s: %v", full.Body, err)
		}
		if age := time.Since(n.Timestamp); age < 0 || age > time.Minute {
			t.Errorf("the time of %s is %s ago", full.Body, age)
		}
		e := webhooks.Event{Entity: d.Entity, Action: d.Action}
		if e.String() != n.Entity+"."+n.Action {
			t.Errorf("the delivery of %s has the body %s", e, full.Body)
		}
		events = append(events, e.String()+" "+string(n.Data))
	}
	*earlier = len(list)
	slices.Reverse(events)
	return events
}

// step is a change, and the events that it has.
type step struct {
	what   string
	change func() error
	want   []string
}

// webhookEvents compares the events of each change with those of MLflow and of docs/webhooks.md.
func webhookEvents(t *testing.T, s *store.Store) {
	w := NewWebhook(t, s)
	disabled := step{"a disabled webhook", func() error {
		in := &webhooks.UpdateRequest{WebhookID: w.WebhookID, Status: webhooks.Disabled}
		_ = must(s.UpdateWebhook(t.Context(), in, nil))(t)
		return createModel(t, s, "m2", "", nil)()
	}, nil}
	earlier := 0
	for _, c := range slices.Concat(modelSteps(t, s), promptSteps(t, s), runSteps(t, s), []step{disabled}) {
		err := c.change()
		got := eventsSince(t, s, w.WebhookID, &earlier)
		for i := range got {
			got[i] = runNames.ReplaceAllString(got[i], `"run_name": "NAME"`)
			got[i] = runStarts.ReplaceAllString(got[i], `"start_time": START`)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s (%v):\n%s\nwant\n%s", c.what, err, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// runNames and runStarts match what differs among runs of the suite.
var (
	runNames  = regexp.MustCompile(`"run_name": "[^"]*"`)
	runStarts = regexp.MustCompile(`"start_time": \d+`)
)

func createModel(t *testing.T, s *store.Store, name, description string, tags []mlflow.Tag) func() error {
	t.Helper()
	return func() error {
		in := &mlflow.CreateRegisteredModelRequest{Name: name, Description: description, Tags: tags}
		_, err := s.CreateRegisteredModel(t.Context(), in)
		return err
	}
}

func createVersion(t *testing.T, s *store.Store, name, description string, tags ...mlflow.Tag) func() error {
	t.Helper()
	return func() error {
		in := registry.NewVersion{Name: name, Source: "s3://b/k", Tags: tags, Description: description}
		_, err := s.CreateModelVersion(t.Context(), in, me)
		return err
	}
}

// modelSteps are changes of registered models.
func modelSteps(t *testing.T, s *store.Store) []step {
	t.Helper()
	ctx, tag := t.Context(), mlflow.Tag{Key: "k", Value: "v"}
	alias := func(name string, version int64) func() error {
		return func() error { return s.SetModelAlias(ctx, name, "a", version, me) }
	}
	stage := func(version int64) func() error {
		return func() error {
			by := registry.Author{User: "u", Comment: "why"}
			_, err := s.MoveVersion(ctx, "m", version, registry.Move{Stage: mlflow.StageProduction}, by)
			return err
		}
	}
	const set = `model_version_alias.created {"name": "m", "alias": "a", "version": "1"}`
	return []step{
		{"a model", createModel(t, s, "m", "", []mlflow.Tag{tag}), []string{
			`registered_model.created {"name": "m", "tags": {"k": "v"}, "description": ""}`,
		}},
		{"a model that exists", createModel(t, s, "m", "", nil), nil},
		{"a version", createVersion(t, s, "m", "", mlflow.Tag{Key: "a", Value: "b"}), []string{
			`model_version.created {"name": "m", "version": "1", "source": "s3://b/k", "run_id": null, ` +
				`"tags": {"a": "b"}, "description": null}`,
		}},
		{"a version of no model", createVersion(t, s, "x", ""), nil},
		{"a tag of a version", func() error { return s.SetModelVersionTag(ctx, "m", 1, tag) }, []string{
			`model_version_tag.set {"name": "m", "version": "1", "key": "k", "value": "v"}`,
		}},
		{"a tag of a version is deleted", func() error { return s.DeleteModelVersionTag(ctx, "m", 1, "none") }, []string{
			`model_version_tag.deleted {"name": "m", "version": "1", "key": "none"}`,
		}},
		{"a tag of a model", func() error { return s.SetRegisteredModelTag(ctx, "m", tag) }, nil},
		{"a tag of a model is deleted", func() error { return s.DeleteRegisteredModelTag(ctx, "m", "k") }, nil},
		{"an alias", alias("m", 1), []string{
			set,
			`model_version_alias.moved {"name": "m", "alias": "a", "from_version": null, "to_version": "1", ` +
				`"user": "me@example.org", "comment": ""}`,
		}},
		{"an alias again", alias("m", 1), []string{set}},
		{"an alias of no version", alias("m", 9), nil},
		{"an alias is deleted", func() error { return s.DeleteModelAlias(ctx, "m", "a", me) }, []string{
			`model_version_alias.deleted {"name": "m", "alias": "a"}`,
		}},
		{"a stage", stage(1), []string{
			`model_version_stage.moved {"name": "m", "version": "1", "from_stage": "None", "to_stage": "Production", ` +
				`"user": "u", "comment": "why"}`,
		}},
		{"a stage again", stage(1), nil},
		{"a stage of no version", stage(9), nil},
	}
}

// promptSteps are changes of prompts.
func promptSteps(t *testing.T, s *store.Store) []step {
	t.Helper()
	ctx, tag := t.Context(), mlflow.Tag{Key: "k", Value: "v"}
	tags := []mlflow.Tag{
		{Key: "mlflow.prompt.is_prompt", Value: "true"}, {Key: "_mlflow_prompt_type", Value: "text"}, {Key: "t", Value: "é"},
	}
	text := mlflow.Tag{Key: "mlflow.prompt.text", Value: "Hi {{x}}"}
	return []step{
		{"a prompt", createModel(t, s, "p", "d", tags), []string{
			`prompt.created {"name": "p", "tags": {"t": "\u00e9"}, "description": "d"}`,
		}},
		{"a version of a prompt", createVersion(t, s, "p", "new", append(tags, text)...), []string{
			`prompt_version.created {"name": "p", "version": "1", "template": "Hi {{x}}", "tags": {"t": "\u00e9"}, ` +
				`"description": "new"}`,
		}},
		{"a tag of a version", func() error { return s.SetModelVersionTag(ctx, "p", 1, tag) }, []string{
			`prompt_version_tag.set {"name": "p", "version": "1", "key": "k", "value": "v"}`,
		}},
		{"a tag of a version is deleted", func() error { return s.DeleteModelVersionTag(ctx, "p", 1, "k") }, []string{
			`prompt_version_tag.deleted {"name": "p", "version": "1", "key": "k"}`,
		}},
		{"a tag of a prompt", func() error { return s.SetRegisteredModelTag(ctx, "p", tag) }, []string{
			`prompt_tag.set {"name": "p", "key": "k", "value": "v"}`,
		}},
		{"a tag of a prompt is deleted", func() error { return s.DeleteRegisteredModelTag(ctx, "p", "k") }, []string{
			`prompt_tag.deleted {"name": "p", "key": "k"}`,
		}},
		{"an alias of a prompt", func() error { return s.SetModelAlias(ctx, "p", "a", 1, me) }, []string{
			`prompt_alias.created {"name": "p", "alias": "a", "version": "1"}`,
			`prompt_alias.moved {"name": "p", "alias": "a", "from_version": null, "to_version": "1", ` +
				`"user": "me@example.org", "comment": ""}`,
		}},
		{"an alias of a prompt is deleted", func() error { return s.DeleteModelAlias(ctx, "p", "a", me) }, []string{
			`prompt_alias.deleted {"name": "p", "alias": "a"}`,
		}},
	}
}

// runSteps are changes of runs.
func runSteps(t *testing.T, s *store.Store) []step {
	t.Helper()
	run, deleted := NewRun(t, s), NewRun(t, s)
	status := func(id string, status mlflow.RunStatus, end int64) func() error {
		return func() error {
			in := &mlflow.UpdateRunRequest{RunID: id, Status: status, EndTime: &end}
			_, err := s.UpdateRun(t.Context(), in)
			return err
		}
	}
	event := func(name, status string, end int) []string {
		return []string{fmt.Sprintf(`run.%s {"run_id": "%s", "run_name": "NAME", "experiment_id": "0", `+
			`"experiment_name": "Default", "status": "%s", "start_time": START, "end_time": %d, "user_id": ""}`,
			name, run, status, end)}
	}
	return []step{
		{"a run fails", status(run, mlflow.RunFailed, 7), event("failed", "FAILED", 7)},
		{"a run fails again", status(run, mlflow.RunFailed, 8), nil},
		{"a run begins again", status(run, mlflow.RunRunning, 8), nil},
		{"a run is killed", status(run, mlflow.RunKilled, 8), event("killed", "KILLED", 8)},
		{"a run has finished", status(run, mlflow.RunFinished, 9), event("finished", "FINISHED", 9)},
		{"a deleted run ends", func() error {
			if err := s.DeleteRun(t.Context(), deleted); err != nil {
				t.Fatal(err)
			}
			return status(deleted, mlflow.RunFinished, 1)()
		}, nil},
	}
}

// claimsAtOnce checks that each delivery is claimed by one of several servers.
func claimsAtOnce(t *testing.T, s *store.Store) {
	w := NewWebhook(t, s)
	const models = 40
	for i := range models {
		newModel(t, s, fmt.Sprint("m", i))
	}
	var mu sync.Mutex
	claimed := map[string]int{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				claims, err := s.ClaimDeliveries(t.Context(), 3, nil, time.Second)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, c := range claims {
					claimed[c.DeliveryID]++
				}
				n := len(claimed)
				mu.Unlock()
				if n == models {
					return
				}
			}
		})
	}
	wg.Wait()
	for id, n := range claimed {
		if n != 1 {
			t.Errorf("%s was claimed %d times", id, n)
		}
	}
	if claims, err := s.ClaimDeliveries(t.Context(), 3, nil, time.Second); err != nil || len(claims) > 0 {
		t.Errorf("claimed again: %v, %v", claims, err)
	}
	pending, _, err := s.Deliveries(t.Context(), w.WebhookID, webhooks.Pending, 1000, "")
	if err != nil || len(pending) != models {
		t.Errorf("%d are pending, %v", len(pending), err)
	}
}

// deliveries checks the life of deliveries, and their pages.
func deliveries(t *testing.T, s *store.Store) {
	ctx := t.Context()
	if due, err := s.NextDelivery(ctx); err != nil || due != math.MaxInt64 {
		t.Errorf("nothing is queued, and the next is due at %d, %v", due, err)
	}
	w := NewWebhook(t, s)
	other := NewWebhook(t, s)
	for i := range 3 {
		newModel(t, s, fmt.Sprint("m", i))
	}
	claims := must(s.ClaimDeliveries(ctx, 100, []string{other.WebhookID}, time.Second))(t)
	if len(claims) != 3 {
		t.Fatalf("claimed %v", claims)
	}
	for _, c := range claims {
		if c.WebhookID != w.WebhookID || c.URL != w.URL || c.Secret != "sealed" || !c.Active || c.Attempts != 0 {
			t.Errorf("claimed %+v", c)
		}
	}
	ok, again, bad := claims[0], claims[1], claims[2]
	sent := time.Now().UnixMilli()
	later := time.Now().Add(time.Hour).UnixMilli()
	for c, o := range map[*hooks.Claim]hooks.Outcome{
		&ok:    {State: webhooks.Delivered, Status: 204, Sent: sent, Duration: 5 * time.Millisecond},
		&again: {State: webhooks.Pending, Status: 503, Error: "The receiver answered 503.", Sent: sent, Due: later},
		&bad:   {State: webhooks.GivenUp, Error: strings.Repeat("é", 1000), Sent: sent},
	} {
		if err := s.FinishDelivery(ctx, c, o); err != nil {
			t.Fatal(err)
		}
		// A second result, of a claim that has ended, changes nothing.
		if err := s.FinishDelivery(ctx, c, hooks.Outcome{State: webhooks.GivenUp, Error: "late"}); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]webhooks.Delivery{
		ok.DeliveryID: {State: webhooks.Delivered, ResponseStatus: 204, DurationMS: 5, LastAttemptTimestamp: sent},
		again.DeliveryID: {
			State: webhooks.Pending, ResponseStatus: 503, ErrorMessage: "The receiver answered 503.",
			NextAttemptTimestamp: later, LastAttemptTimestamp: sent,
		},
		bad.DeliveryID: {State: webhooks.GivenUp, ErrorMessage: strings.Repeat("é", 1000), LastAttemptTimestamp: sent},
	}
	checkDeliveries(t, s, w.WebhookID, want)
	checkRedelivery(t, s, w.WebhookID, ok.DeliveryID, again.DeliveryID)
	if err := s.DeleteWebhook(ctx, other.WebhookID); err != nil {
		t.Fatal(err)
	}
	if claims := must(s.ClaimDeliveries(ctx, 100, []string{w.WebhookID}, time.Second))(t); len(claims) > 0 {
		t.Errorf("a deleted webhook still has deliveries: %v", claims)
	}
	if n, err := s.PruneDeliveries(ctx, time.Now().Add(time.Hour), 100); err != nil || n != 4 {
		t.Errorf("%d deliveries were pruned, %v; want one of the webhook and three of the deleted one", n, err)
	}
}

// checkDeliveries reads deliveries by pages of one.
func checkDeliveries(t *testing.T, s *store.Store, webhookID string, want map[string]webhooks.Delivery) {
	t.Helper()
	token := ""
	for n := 0; ; n++ {
		list, next, err := s.Deliveries(t.Context(), webhookID, "", 1, token)
		if err != nil || len(list) != 1 {
			t.Fatalf("page %d: %v, %v", n, list, err)
		}
		got := list[0]
		w := want[got.DeliveryID]
		w.DeliveryID, w.WebhookID, w.Entity, w.Action = got.DeliveryID, webhookID, webhooks.RegisteredModel, webhooks.Created
		w.CreationTimestamp, w.Attempts = got.CreationTimestamp, 1
		if fmt.Sprint(got) != fmt.Sprint(w) {
			t.Errorf("delivery\n%+v\nwant\n%+v", got, w)
		}
		if token = next; token == "" {
			if n+1 != len(want) {
				t.Errorf("%d deliveries, want %d", n+1, len(want))
			}
			return
		}
	}
}

// checkRedelivery sends a delivery that has ended, and one that waits, again.
func checkRedelivery(t *testing.T, s *store.Store, webhookID string, ids ...string) {
	t.Helper()
	ctx := t.Context()
	for _, id := range ids {
		d := must(s.Redeliver(ctx, webhookID, id, time.Second))(t)
		if d.State != webhooks.Pending || d.Attempts != 0 || d.NextAttemptTimestamp == 0 {
			t.Errorf("redelivered as %+v", d)
		}
		if _, err := s.Redeliver(ctx, webhookID, id, time.Second); !errors.Is(err, mlflow.InvalidState) {
			t.Errorf("redelivered at once again: %v", err)
		}
	}
	if _, err := s.Redeliver(ctx, webhookID, "nope", time.Second); !errors.Is(err, mlflow.ResourceDoesNotExist) {
		t.Errorf("redelivered an unknown one: %v", err)
	}
}

// changeWebhooks checks the changes of webhooks that the API cannot see.
func changeWebhooks(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := NewWebhook(t, s)
	secret := "other"
	first := webhooks.MLflowEvents[:1]
	in := &webhooks.UpdateRequest{WebhookID: w.WebhookID, Name: "n", Events: first, OwnEvents: new([]webhooks.Event)}
	got := must(s.UpdateWebhook(ctx, in, &secret))(t)
	if got.Name != "n" || !slices.Equal(got.Events, first) || got.OwnEvents != nil || got.URL != w.URL {
		t.Errorf("changed to %+v", got)
	}
	if sealed := must(s.SecretOf(ctx, w.WebhookID))(t); sealed != "other" {
		t.Errorf("the secret is %q", sealed)
	}
	if err := s.DeleteWebhook(ctx, w.WebhookID); err != nil {
		t.Fatal(err)
	}
	gone := func(name string, err error) {
		if !errors.Is(err, mlflow.ResourceDoesNotExist) {
			t.Errorf("%s of a deleted webhook: %v", name, err)
		}
	}
	_, err := s.UpdateWebhook(ctx, in, nil)
	gone("UpdateWebhook", err)
	_, err = s.Webhook(ctx, w.WebhookID)
	gone("Webhook", err)
	_, err = s.SecretOf(ctx, w.WebhookID)
	gone("SecretOf", err)
	_, _, err = s.Deliveries(ctx, w.WebhookID, "", 1, "")
	gone("Deliveries", err)
	gone("DeleteWebhook", s.DeleteWebhook(ctx, w.WebhookID))
	if secrets := must(s.Secrets(ctx))(t); len(secrets) > 0 {
		t.Errorf("secrets %v", secrets)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.ClaimDeliveries(canceled, 1, nil, time.Second); err == nil {
		t.Error("claimed after the server has ended")
	}
}
