package webhooks

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/webhooks"
)

// Claim is a delivery that this server sends. No other server takes it before Due.
type Claim struct {
	ID                    int64
	DeliveryID, WebhookID string
	Event                 webhooks.Event
	Body                  string
	// Attempts is how often the delivery was tried before.
	Attempts int32
	// Due is when the claim ends, in milliseconds since the epoch.
	Due int64
	// URL and Secret are those of the webhook. The secret is encrypted, and "" if there is none.
	URL, Secret string
	// Active is whether the webhook exists and is active.
	Active bool
}

// ClaimDeliveries claims up to limit deliveries that are due, except for those of busy webhooks.
// timeout is the time that a request may take. A claim lasts longer by Lease: then a server that
// ended without FinishDelivery leaves the delivery to another one.
func (s Webhooks) ClaimDeliveries(
	ctx context.Context, limit int, busy []string, timeout time.Duration,
) (claims []Claim, err error) {
	now := base.NowMS()
	var found []Claim
	condition, args := `d.due_ms <= ?`, []any{now}
	if len(busy) > 0 {
		condition, args = condition+` AND NOT (d.webhook_id IN (?...))`, append(args, busy)
	}
	err = s.View(ctx, func(t Tx) error {
		found, err = db.Collect(t.Tx, `SELECT d.id, d.delivery_id, d.webhook_id, d.entity, d.action, d.body, d.attempts,
				d.due_ms, coalesce(w.url, ''), coalesce(w.secret, ''),
				CASE WHEN w.status = 'ACTIVE' AND coalesce(w.deleted_timestamp, 0) = 0 THEN 1 ELSE 0 END
			FROM millrace_webhook_deliveries d LEFT JOIN webhooks w ON w.webhook_id = d.webhook_id
			WHERE `+condition+` ORDER BY d.due_ms, d.id LIMIT ?`, append(args, limit),
			func(rows *sql.Rows, c *Claim) error {
				return rows.Scan(&c.ID, &c.DeliveryID, &c.WebhookID, &c.Event.Entity, &c.Event.Action, &c.Body, &c.Attempts,
					&c.Due, &c.URL, &c.Secret, &c.Active)
			})
		return err
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	until := now + (timeout + Lease).Milliseconds()
	err = s.Update(ctx, func(t Tx) error {
		claims = claims[:0]
		for _, c := range found {
			n, err := t.Exec(`UPDATE millrace_webhook_deliveries SET due_ms = ? WHERE id = ? AND due_ms = ?`, until, c.ID, c.Due)
			if err != nil {
				return err
			}
			if n > 0 { // Another server claimed the others.
				c.Due = until
				claims = append(claims, c)
			}
		}
		return nil
	})
	return claims, err
}

// NextDelivery returns when the next delivery is due, in milliseconds since the epoch, or
// math.MaxInt64 if none is pending.
func (s Webhooks) NextDelivery(ctx context.Context) (due int64, err error) {
	err = s.View(ctx, func(t Tx) error {
		var first sql.NullInt64
		err := t.QueryRow(`SELECT min(due_ms) FROM millrace_webhook_deliveries`).Scan(&first)
		due = math.MaxInt64
		if first.Valid {
			due = first.Int64
		}
		return err
	})
	return due, err
}

// Outcome is the result of a request of a delivery.
type Outcome struct {
	State webhooks.DeliveryState
	// Due is when a pending delivery is sent again, in milliseconds since the epoch.
	Due int64
	// Status is the status of the response, or 0.
	Status int32
	// Error says why the request failed, in at most 1,000 characters.
	Error string
	// Sent is when the request was sent, in milliseconds since the epoch, or 0 if it was not.
	Sent     int64
	Duration time.Duration
}

// FinishDelivery ends a claim. It changes nothing if the claim has ended already, because
// another server may have taken the delivery.
func (s Webhooks) FinishDelivery(ctx context.Context, c *Claim, o Outcome) error {
	due := sql.NullInt64{Int64: o.Due, Valid: o.State == webhooks.Pending}
	sent := sql.NullInt64{Int64: o.Sent, Valid: o.Sent != 0}
	return s.Update(ctx, func(t Tx) error {
		_, err := t.Exec(`UPDATE millrace_webhook_deliveries SET state = ?, due_ms = ?, attempts = ?,
				last_ms = coalesce(?, last_ms), duration_ms = ?, response_status = ?, error_message = ?
			WHERE id = ? AND due_ms = ?`,
			o.State, due, c.Attempts+1, sent, o.Duration.Milliseconds(), o.Status, o.Error, c.ID, c.Due)
		return err
	})
}

const deliveryColumns = "d.id, d.delivery_id, d.webhook_id, d.entity, d.action, d.state, d.created_ms, d.attempts, " +
	"coalesce(d.due_ms, 0), coalesce(d.last_ms, 0), coalesce(d.duration_ms, 0), coalesce(d.response_status, 0), " +
	"coalesce(d.error_message, '')"

// deliveryFields returns the scan destinations of deliveryColumns.
func deliveryFields(id *int64, d *webhooks.Delivery) []any {
	return []any{
		id, &d.DeliveryID, &d.WebhookID, &d.Entity, &d.Action, &d.State, &d.CreationTimestamp, &d.Attempts,
		&d.NextAttemptTimestamp, &d.LastAttemptTimestamp, &d.DurationMS, &d.ResponseStatus, &d.ErrorMessage,
	}
}

// Deliveries returns a page of the deliveries of a webhook, newest first, and the token of the
// next page, which is "" on the last page. The token has the id of the last delivery, so that
// new ones do not shift the pages. state is "" for those in any state.
func (s Webhooks) Deliveries(
	ctx context.Context, webhookID string, state webhooks.DeliveryState, limit int, token string,
) (list []webhooks.Delivery, next string, err error) {
	before, err := search.DecodeOffset(token)
	if err != nil {
		return nil, "", err
	}
	condition, args := `d.webhook_id = ? AND d.id < ?`, []any{webhookID, base.OrMost(before)}
	if state != "" {
		condition, args = condition+` AND d.state = ?`, append(args, state)
	}
	err = s.View(ctx, func(t Tx) error {
		if _, err := t.webhook(webhookID); err != nil {
			return err
		}
		var ids []int64
		list, err = db.Collect(t.Tx, `SELECT `+deliveryColumns+` FROM millrace_webhook_deliveries d
			WHERE `+condition+` ORDER BY d.id DESC LIMIT ?`, append(args[:len(args):len(args)], limit+1),
			func(rows *sql.Rows, d *webhooks.Delivery) error {
				var id int64
				err := rows.Scan(deliveryFields(&id, d)...)
				ids = append(ids, id)
				return err
			})
		if next = ""; err == nil && len(list) > limit {
			list, next = list[:limit], search.EncodeOffset(int(ids[limit-1]))
		}
		return err
	})
	return list, next, err
}

// Delivery returns a delivery of a webhook with its body.
func (s Webhooks) Delivery(ctx context.Context, webhookID, deliveryID string) (d *webhooks.Delivery, err error) {
	err = s.View(ctx, func(t Tx) error {
		d, err = t.delivery(webhookID, deliveryID)
		return err
	})
	return d, err
}

func (t Tx) delivery(webhookID, deliveryID string) (*webhooks.Delivery, error) {
	if _, err := t.webhook(webhookID); err != nil {
		return nil, err
	}
	var d webhooks.Delivery
	var id int64
	var body string
	err := t.QueryRow(`SELECT `+deliveryColumns+`, d.body FROM millrace_webhook_deliveries d
		WHERE d.delivery_id = ? AND d.webhook_id = ?`, deliveryID, webhookID).
		Scan(append(deliveryFields(&id, &d), &body)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, mlflow.Errorf(mlflow.ResourceDoesNotExist, "Delivery with ID %s not found.", deliveryID)
	}
	d.Body = json.RawMessage(body)
	return &d, err
}

// Lease is how long a claim lasts beyond the time that a request may take.
const Lease = 15 * time.Second

// Redeliver makes a delivery due now. It begins to count its attempts anew. A delivery that is
// being sent is refused. timeout is the time that a request may take.
func (s Webhooks) Redeliver(
	ctx context.Context, webhookID, deliveryID string, timeout time.Duration,
) (d *webhooks.Delivery, err error) {
	err = s.Update(ctx, func(t Tx) error {
		if _, err := t.delivery(webhookID, deliveryID); err != nil {
			return err
		}
		now := base.NowMS()
		n, err := t.Exec(`UPDATE millrace_webhook_deliveries SET state = ?, due_ms = ?, attempts = 0
			WHERE delivery_id = ? AND (due_ms IS NULL OR due_ms > ?)`,
			webhooks.Pending, now, deliveryID, now+(timeout+Lease).Milliseconds())
		if err != nil {
			return err
		}
		if n == 0 {
			return mlflow.Errorf(mlflow.InvalidState, "The delivery is being sent, or will be within a minute.")
		}
		*t.Queued = true
		d, err = t.delivery(webhookID, deliveryID)
		return err
	})
	return d, err
}

// PruneDeliveries deletes up to limit deliveries from before a time that are not pending, and
// returns their number.
func (s Webhooks) PruneDeliveries(ctx context.Context, before time.Time, limit int) (n int64, err error) {
	err = s.Update(ctx, func(t Tx) error {
		ids, err := db.Collect(t.Tx, `SELECT id FROM millrace_webhook_deliveries WHERE created_ms < ? AND due_ms IS NULL
			ORDER BY created_ms LIMIT ?`, []any{before.UnixMilli(), limit}, base.ScanOne[int64])
		if err != nil || len(ids) == 0 {
			return err
		}
		n, err = t.Exec(`DELETE FROM millrace_webhook_deliveries WHERE id IN (?...)`, ids)
		return err
	})
	return n, err
}
