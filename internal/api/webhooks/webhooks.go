// Package webhooks serves MLflow's routes of webhooks, and those of Millrace for the log of
// their deliveries. Webhooks get the events of everybody, so that they are for administrators.
package webhooks

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/webhook"
	"github.com/millrace-ml/millrace/internal/webhook/fernet"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/webhooks"
)

// Limits of webhooks, in characters, and of pages. Those of texts are the lengths of MLflow's
// columns. An encrypted secret of 512 bytes has 776 of the 1,000 characters of its column.
const (
	maxURL         = 500
	maxDescription = 1000
	maxSecret      = 512

	defaultPage = 100
	maxPage     = 1000
)

// Handlers answers the requests.
type Handlers struct {
	Store   *store.Store
	Targets *webhook.Targets
	Sender  *webhook.Sender
	Key     fernet.Key
	// Timeout is the time that a request to a webhook may take.
	Timeout time.Duration
}

// Routes mounts the routes.
func (h *Handlers) Routes(r *route.Router) {
	e := webhooks.Endpoints
	route.On(r, e.Create, permit.Admin.Audited(), h.create)
	route.On(r, e.List, permit.Admin, h.list)
	route.On(r, e.Get, permit.Admin, h.get)
	route.On(r, e.Update, permit.Admin.Audited(), h.update)
	route.On(r, e.Delete, permit.Admin.Audited(), h.remove)
	route.On(r, e.Test, permit.Admin.Audited(), h.test)
	// Routes that MLflow does not have.
	route.On(r, e.ListAll, permit.Admin, h.listAll)
	route.On(r, e.Deliveries, permit.Admin, h.deliveries)
	route.On(r, e.Delivery, permit.Admin, h.delivery)
	route.On(r, e.Redeliver, permit.Admin.Audited(), h.redeliver)
	route.On(r, e.Settings, permit.Admin, h.settings)
}

func (h *Handlers) create(ctx context.Context, in *webhooks.CreateRequest) (*webhooks.WebhookResponse, error) {
	if len(in.Events)+len(in.OwnEvents) == 0 {
		return nil, apierror.MissingParameter("events")
	}
	if err := validate.First(
		validName(in.Name), validate.Length("description", in.Description, maxDescription),
		validEvents(in.Events, in.OwnEvents), h.validURL(ctx, in.URL),
	); err != nil {
		return nil, err
	}
	secret, err := h.seal(in.Secret)
	if err != nil {
		return nil, err
	}
	w := &webhooks.Webhook{
		Name: in.Name, Description: in.Description, URL: in.URL, Events: in.Events, OwnEvents: in.OwnEvents,
		Status: cmp.Or(in.Status, webhooks.Active),
	}
	w, err = h.Store.CreateWebhook(ctx, w, secret)
	return &webhooks.WebhookResponse{Webhook: w}, err
}

var namePattern = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$`)

func validName(name string) error {
	if !namePattern.MatchString(name) {
		return apierror.Invalid("Webhook name %s is invalid. It must start and end with a letter or digit, be less than 63 "+
			"characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).",
			python.Repr(apierror.Shorten(name)))
	}
	return nil
}

// validURL checks that the server may send requests to a URL.
func (h *Handlers) validURL(ctx context.Context, url string) error {
	if err := validate.Length("url", url, maxURL); err != nil {
		return err
	}
	return h.Targets.Check(ctx, url)
}

// validEvents checks the events of a webhook.
func validEvents(events, own []webhooks.Event) error {
	for _, part := range []struct{ given, known []webhooks.Event }{
		{events, webhooks.MLflowEvents}, {own, webhooks.OwnEvents},
	} {
		for i, e := range part.given {
			if err := validEvent(e, part.known); err != nil {
				return err
			}
			if slices.Contains(part.given[:i], e) {
				return apierror.Invalid("The event %s is given twice.", e)
			}
		}
	}
	return nil
}

// validEvent checks that an event is one of some events.
func validEvent(e webhooks.Event, known []webhooks.Event) error {
	if slices.Contains(known, e) {
		return nil
	}
	var actions []string
	for _, action := range webhooks.Actions(known, e.Entity) {
		actions = append(actions, python.Repr(strings.ToLower(string(action))))
	}
	slices.Sort(actions)
	entity, action, _ := strings.Cut(e.String(), ".")
	return apierror.Invalid("Invalid action %s for entity %s. Valid actions are: [%s]",
		python.Repr(action), python.Repr(entity), strings.Join(actions, ", "))
}

// seal encrypts a secret. It returns nil for "".
func (h *Handlers) seal(secret string) (*string, error) {
	if secret == "" {
		return nil, nil //nolint:nilnil // There is no secret.
	}
	if len(secret) > maxSecret {
		return nil, apierror.Invalid("'secret' exceeds the maximum length of %d bytes", maxSecret)
	}
	token, err := h.Key.Seal(secret)
	if errors.Is(err, fernet.ErrNoKey) {
		return nil, apierror.Invalid("The server cannot keep secrets of webhooks, because it has no key to encrypt them " +
			"with. Start it with MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY, or create the webhook without a secret.")
	}
	return &token, err
}

// list returns the webhooks that have an event of MLflow: its clients cannot read the others.
func (h *Handlers) list(ctx context.Context, in *webhooks.ListRequest) (*webhooks.ListResponse, error) {
	return h.page(ctx, in, false)
}

func (h *Handlers) listAll(ctx context.Context, in *webhooks.ListRequest) (*webhooks.ListResponse, error) {
	return h.page(ctx, in, true)
}

func (h *Handlers) page(ctx context.Context, in *webhooks.ListRequest, all bool) (*webhooks.ListResponse, error) {
	limit, err := pageLimit(in.MaxResults)
	if err != nil {
		return nil, err
	}
	list, next, err := h.Store.ListWebhooks(ctx, all, limit, in.PageToken)
	return &webhooks.ListResponse{Webhooks: list, NextPageToken: next}, err
}

// pageLimit returns the number of items of a page. As in MLflow, 0 is the default.
func pageLimit(requested *int32) (int, error) {
	if requested == nil || *requested == 0 {
		return defaultPage, nil
	}
	if n := *requested; n < 1 || n > maxPage {
		return 0, apierror.Invalid("max_results must be between 1 and %d.", maxPage)
	}
	return int(*requested), nil
}

func (h *Handlers) get(ctx context.Context, in *webhooks.IDRequest) (*webhooks.WebhookResponse, error) {
	w, err := h.Store.Webhook(ctx, in.WebhookID)
	return &webhooks.WebhookResponse{Webhook: w}, err
}

func (h *Handlers) update(ctx context.Context, in *webhooks.UpdateRequest) (*webhooks.WebhookResponse, error) {
	if _, err := h.Store.Webhook(ctx, in.WebhookID); err != nil {
		return nil, err
	}
	if in.Name != "" {
		if err := validName(in.Name); err != nil {
			return nil, err
		}
	}
	if in.URL != "" {
		if err := h.validURL(ctx, in.URL); err != nil {
			return nil, err
		}
	}
	var description string
	if in.Description != nil {
		description = *in.Description
	}
	var own []webhooks.Event
	if in.OwnEvents != nil {
		own = *in.OwnEvents
	}
	if err := validate.First(
		validate.Length("description", description, maxDescription), validEvents(in.Events, own),
	); err != nil {
		return nil, err
	}
	secret := in.Secret
	if secret != nil && *secret != "" {
		sealed, err := h.seal(*secret)
		if err != nil {
			return nil, err
		}
		secret = sealed
	}
	w, err := h.Store.UpdateWebhook(ctx, in, secret)
	return &webhooks.WebhookResponse{Webhook: w}, err
}

func (h *Handlers) remove(ctx context.Context, in *webhooks.IDRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.Store.DeleteWebhook(ctx, in.WebhookID)
}

// test sends an example once. It does not repeat it, because the client waits.
func (h *Handlers) test(ctx context.Context, in *webhooks.TestRequest) (*webhooks.TestResponse, error) {
	w, err := h.Store.Webhook(ctx, in.WebhookID)
	if err != nil {
		return nil, err
	}
	event, err := eventToTest(w, in.Event)
	if err != nil {
		return nil, err
	}
	sealed, err := h.Store.SecretOf(ctx, in.WebhookID)
	if err != nil {
		return nil, err
	}
	return &webhooks.TestResponse{Result: h.try(ctx, w.URL, sealed, webhook.Example(event, time.Now()))}, nil
}

// try sends a body once, and returns what became of it.
func (h *Handlers) try(ctx context.Context, url, sealed, body string) *webhooks.TestResult {
	secret := ""
	if sealed != "" {
		var err error
		if secret, err = h.Key.Open(sealed); err != nil {
			return &webhooks.TestResult{ErrorMessage: "Failed to test webhook: its secret cannot be read: " + err.Error()}
		}
	}
	resp, err := h.Sender.Send(ctx, url, secret, uuid.NewString(), body)
	if err != nil {
		return &webhooks.TestResult{ErrorMessage: "Failed to test webhook: " + err.Error()}
	}
	status := int32(resp.Status) //nolint:gosec // A status has three digits.
	return &webhooks.TestResult{Success: status < 400, ResponseStatus: &status, ResponseBody: &resp.Body}
}

// eventToTest returns the event of a test: the requested one, or the first of the webhook.
func eventToTest(w *webhooks.Webhook, requested *webhooks.Event) (e webhooks.Event, err error) {
	all := slices.Concat(w.Events, w.OwnEvents)
	switch {
	case requested == nil && len(all) == 0: // Not even MLflow makes such a webhook.
		return e, apierror.Invalid("The webhook has no events; name one.")
	case requested == nil:
		return all[0], nil
	case requested.IsOwn():
		return *requested, nil
	}
	return *requested, validEvent(*requested, webhooks.MLflowEvents)
}
