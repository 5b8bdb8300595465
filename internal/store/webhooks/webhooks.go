package webhooks

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/webhooks"
)

// webhookColumns are the columns of webhooks under the alias w that scanWebhook reads.
const webhookColumns = "w.webhook_id, w.name, coalesce(w.description, ''), w.url, w.status, " +
	"coalesce(w.creation_timestamp, 0), coalesce(w.last_updated_timestamp, 0)"

// isLive is the condition for webhooks w that are not deleted. MLflow cannot read webhooks without
// any of its events, and takes those with a time of deletion for deleted. Such webhooks have the
// time 0, so that a database with them can be used by MLflow.
const isLive = `coalesce(w.deleted_timestamp, 0) = 0 AND w.` + base.InDefault

func scanWebhook(row base.Scanner) (*webhooks.Webhook, error) {
	var w webhooks.Webhook
	err := row.Scan(
		&w.WebhookID, &w.Name, &w.Description, &w.URL, &w.Status, &w.CreationTimestamp, &w.LastUpdatedTimestamp,
	)
	return &w, err
}

// noWebhook returns the error for a webhook that does not exist.
func noWebhook(id string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Webhook with ID %s not found.", id)
}

// CreateWebhook creates a webhook with the fields of w, except for its id and its times. The
// encrypted secret is nil for a webhook that does not sign.
func (s Webhooks) CreateWebhook(
	ctx context.Context, w *webhooks.Webhook, secret *string,
) (created *webhooks.Webhook, err error) {
	err = s.Update(ctx, func(t Tx) error {
		id, now := uuid.NewString(), base.NowMS()
		_, err := t.Exec(`INSERT INTO webhooks (webhook_id, name, description, url, status, secret, creation_timestamp,
			last_updated_timestamp, workspace) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'default')`,
			id, w.Name, w.Description, w.URL, w.Status, secret, now, now)
		if err != nil {
			return err
		}
		if err := base.FirstError(
			func() error { return t.setEvents(mlflowEvents, id, w.Events) },
			func() error { return t.setEvents(ownEvents, id, w.OwnEvents) },
			func() error { return t.hideFromMLflow(id) },
		); err != nil {
			return err
		}
		created, err = t.webhook(id)
		return err
	})
	return created, err
}

// eventTable has the statements for a table of events.
type eventTable struct{ list, remove, add string }

var (
	mlflowEvents = eventTable{
		`SELECT webhook_id, entity, action FROM webhook_events WHERE webhook_id IN (?...)
			ORDER BY webhook_id, entity, action`,
		`DELETE FROM webhook_events WHERE webhook_id = ?`,
		`INSERT INTO webhook_events (webhook_id, entity, action)`,
	}
	ownEvents = eventTable{
		`SELECT webhook_id, entity, action FROM millrace_webhook_events WHERE webhook_id IN (?...)
			ORDER BY webhook_id, entity, action`,
		`DELETE FROM millrace_webhook_events WHERE webhook_id = ?`,
		`INSERT INTO millrace_webhook_events (webhook_id, entity, action)`,
	}
)

// setEvents replaces the events of a webhook in a table.
func (t Tx) setEvents(table eventTable, id string, events []webhooks.Event) error {
	if _, err := t.Exec(table.remove, id); err != nil {
		return err
	}
	_, err := t.InsertRows(table.add, "", 3, len(events),
		func(args []any, i int) []any {
			return append(args, id, strings.ToLower(string(events[i].Entity)), strings.ToLower(string(events[i].Action)))
		})
	return err
}

// hideFromMLflow sets the time of deletion of a webhook to 0 if it has no event of MLflow.
func (t Tx) hideFromMLflow(id string) error {
	_, err := t.Exec(`UPDATE webhooks SET deleted_timestamp =
			CASE WHEN EXISTS (SELECT 1 FROM webhook_events e WHERE e.webhook_id = ?) THEN NULL ELSE 0 END
		WHERE webhook_id = ?`, id, id)
	return err
}

// Webhook returns a webhook.
func (s Webhooks) Webhook(ctx context.Context, id string) (w *webhooks.Webhook, err error) {
	err = s.View(ctx, func(t Tx) error {
		w, err = t.webhook(id)
		return err
	})
	return w, err
}

func (t Tx) webhook(id string) (*webhooks.Webhook, error) {
	w, err := scanWebhook(t.QueryRow(`SELECT `+webhookColumns+` FROM webhooks w WHERE w.webhook_id = ? AND `+isLive, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noWebhook(id)
	}
	if err != nil {
		return nil, err
	}
	list := []webhooks.Webhook{*w}
	err = t.loadEvents(list)
	return &list[0], err
}

// loadEvents fills in the events of webhooks. They are sorted by entity and action.
func (t Tx) loadEvents(list []webhooks.Webhook) error {
	ids := make([]string, len(list))
	at := make(map[string]*webhooks.Webhook, len(list))
	for i := range list {
		ids[i], at[list[i].WebhookID] = list[i].WebhookID, &list[i]
	}
	for _, table := range []eventTable{mlflowEvents, ownEvents} {
		err := t.Each(table.list, []any{ids}, func(rows *sql.Rows) error {
			var id string
			var e webhooks.Event
			err := scanEvent(rows, &id, &e)
			if table == mlflowEvents {
				at[id].Events = append(at[id].Events, e)
			} else {
				at[id].OwnEvents = append(at[id].OwnEvents, e)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// scanEvent reads the id of a webhook, and an event of it.
func scanEvent(rows *sql.Rows, id *string, e *webhooks.Event) error {
	err := rows.Scan(id, &e.Entity, &e.Action)
	e.Entity = webhooks.Entity(strings.ToUpper(string(e.Entity)))
	e.Action = webhooks.Action(strings.ToUpper(string(e.Action)))
	return err
}

// ListWebhooks returns a page of the webhooks, newest first, and the token of the next page, which
// is "" on the last page. Unless all is true, it leaves out those without an event of MLflow.
func (s Webhooks) ListWebhooks(
	ctx context.Context, all bool, limit int, token string,
) (list []webhooks.Webhook, next string, err error) {
	offset, err := search.DecodeOffset(token)
	if err != nil {
		return nil, "", err
	}
	condition := isLive
	if !all {
		condition += ` AND w.deleted_timestamp IS NULL`
	}
	err = s.View(ctx, func(t Tx) error {
		list, err = db.Collect(t.Tx, `SELECT `+webhookColumns+` FROM webhooks w WHERE `+condition+`
			ORDER BY w.creation_timestamp DESC, w.webhook_id LIMIT ? OFFSET ?`,
			[]any{limit + 1, offset}, base.Scanned(scanWebhook))
		if err != nil {
			return err
		}
		list, next = base.CutPage(list, limit, offset)
		return t.loadEvents(list)
	})
	return list, next, err
}

// UpdateWebhook changes those fields of a webhook that the request has. The encrypted secret is
// nil if the webhook keeps its secret.
func (s Webhooks) UpdateWebhook(
	ctx context.Context, in *webhooks.UpdateRequest, secret *string,
) (w *webhooks.Webhook, err error) {
	err = s.Update(ctx, func(t Tx) error {
		if _, err := t.webhook(in.WebhookID); err != nil {
			return err
		}
		columns, args := []string{"last_updated_timestamp = ?"}, []any{base.NowMS()}
		set := func(given bool, column string, value any) {
			if given {
				columns, args = append(columns, column+" = ?"), append(args, value)
			}
		}
		set(in.Name != "", "name", in.Name)
		set(in.Description != nil, "description", in.Description)
		set(in.URL != "", "url", in.URL)
		set(in.Status != "", "status", in.Status)
		set(secret != nil, "secret", secret)
		_, err := t.Exec(`UPDATE webhooks SET `+strings.Join(columns, ", ")+` WHERE webhook_id = ?`,
			append(args, in.WebhookID)...)
		if err == nil && len(in.Events) > 0 {
			err = base.FirstError(
				func() error { return t.setEvents(mlflowEvents, in.WebhookID, in.Events) },
				func() error { return t.hideFromMLflow(in.WebhookID) },
			)
		}
		if err == nil && in.OwnEvents != nil {
			err = t.setEvents(ownEvents, in.WebhookID, *in.OwnEvents)
		}
		if err != nil {
			return err
		}
		if w, err = t.webhook(in.WebhookID); err != nil {
			return err
		}
		if len(w.Events)+len(w.OwnEvents) == 0 {
			return mlflow.Errorf(mlflow.InvalidParameterValue, "A webhook needs at least one event.")
		}
		return nil
	})
	return w, err
}

// DeleteWebhook marks a webhook as deleted, as MLflow does, and gives up what is still to be
// delivered to it.
func (s Webhooks) DeleteWebhook(ctx context.Context, id string) error {
	return s.Update(ctx, func(t Tx) error {
		now := base.NowMS()
		n, err := t.Exec(`UPDATE webhooks SET deleted_timestamp = ?, last_updated_timestamp = ?
			WHERE webhook_id = ? AND coalesce(deleted_timestamp, 0) = 0 AND `+base.InDefault, now, now, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return noWebhook(id)
		}
		_, err = t.Exec(`UPDATE millrace_webhook_deliveries SET state = ?, due_ms = NULL,
			error_message = 'The webhook was deleted.' WHERE webhook_id = ? AND due_ms IS NOT NULL`, webhooks.GivenUp, id)
		return err
	})
}

// SecretOf returns the encrypted secret of a webhook, which is "" if it has none.
func (s Webhooks) SecretOf(ctx context.Context, id string) (secret string, err error) {
	err = s.View(ctx, func(t Tx) error {
		var stored sql.NullString
		err := t.QueryRow(`SELECT w.secret FROM webhooks w WHERE w.webhook_id = ? AND `+isLive, id).Scan(&stored)
		if errors.Is(err, sql.ErrNoRows) {
			return noWebhook(id)
		}
		secret = stored.String
		return err
	})
	return secret, err
}

// Secret is the encrypted secret of a webhook.
type Secret struct{ Webhook, Secret string }

// Secrets returns the secrets of the webhooks that have one, by the names of the webhooks.
func (s Webhooks) Secrets(ctx context.Context) (list []Secret, err error) {
	err = s.View(ctx, func(t Tx) error {
		list, err = db.Collect(t.Tx, `SELECT w.name, w.secret FROM webhooks w WHERE w.secret <> '' AND `+isLive+`
			ORDER BY w.name`, nil, func(rows *sql.Rows, s *Secret) error { return rows.Scan(&s.Webhook, &s.Secret) })
		return err
	})
	return list, err
}
