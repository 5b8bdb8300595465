package webhooks

import (
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/mlflow/webhooks"
)

// Fire queues an event for the webhooks that have it. of are the events that it may be. data
// returns the event and its data; it is called only if an active webhook has one of them, so
// that an event without webhooks costs one query.
func (t Tx) Fire(of []webhooks.Event, data func() (webhooks.Event, *python.Dict, error)) error {
	subscribers, err := t.subscribers(of)
	if err != nil || len(subscribers) == 0 {
		return err
	}
	event, fields, err := data()
	if err != nil {
		return err
	}
	ids := subscribers[event]
	if len(ids) == 0 {
		return nil
	}
	now := time.Now()
	body := Body(event, now, fields)
	_, err = t.InsertRows(`INSERT INTO millrace_webhook_deliveries (delivery_id, webhook_id, entity, action, body,
		created_ms, state, due_ms, attempts)`, "", 9, len(ids), func(args []any, i int) []any {
		return append(args, uuid.NewString(), ids[i], string(event.Entity), string(event.Action), body, now.UnixMilli(),
			string(webhooks.Pending), now.UnixMilli(), int64(0))
	})
	*t.Queued = true
	return err
}

// subscribers returns the ids of the active webhooks that have some events, by event.
func (t Tx) subscribers(of []webhooks.Event) (map[webhooks.Event][]string, error) {
	var entities []string
	for _, e := range of {
		entities = append(entities, strings.ToLower(string(e.Entity)))
	}
	found := map[webhooks.Event][]string{}
	err := t.Each(`SELECT w.webhook_id, e.entity, e.action FROM (SELECT webhook_id, entity, action FROM webhook_events
			UNION ALL SELECT webhook_id, entity, action FROM millrace_webhook_events) e
		JOIN webhooks w ON w.webhook_id = e.webhook_id
		WHERE e.entity IN (?...) AND w.status = 'ACTIVE' AND `+isLive+` ORDER BY w.webhook_id`, []any{entities},
		func(rows *sql.Rows) error {
			var id string
			var e webhooks.Event
			err := scanEvent(rows, &id, &e)
			if slices.Contains(of, e) {
				found[e] = append(found[e], id)
			}
			return err
		})
	return found, err
}

// Body returns the JSON that is sent for an event.
func Body(event webhooks.Event, at time.Time, data *python.Dict) string {
	entity, action, _ := strings.Cut(event.String(), ".")
	body := python.NewDict()
	body.Set("entity", entity)
	body.Set("action", action)
	body.Set("timestamp", at.UTC().Format("2006-01-02T15:04:05.000000+00:00"))
	body.Set("data", data)
	return python.Dumps(body)
}

// Fields returns a dictionary of the data of an event from keys and values, which are those of
// [python.Dumps].
func Fields(pairs ...any) *python.Dict {
	d := python.NewDict()
	for pair := range slices.Chunk(pairs, 2) {
		d.Set(pair[0].(string), pair[1])
	}
	return d
}

// OrNull returns nil for "".
func OrNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
