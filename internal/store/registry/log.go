package registry

import (
	"context"
	"database/sql"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
)

// Author is the user who changes the registry, with an optional comment.
type Author struct {
	User, Comment string
}

// logChange adds an entry to the log of the registry.
func (t tx) logChange(now int64, by Author, c mlflow.RegistryChange) error {
	version := sql.NullString{String: c.Version, Valid: c.Version != ""}
	_, err := t.Exec(
		`INSERT INTO millrace_registry_log (model, version, kind, from_value, to_value, alias, user_email, comment,
			timestamp_ms)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.Model, version, c.Kind, c.From, c.To, c.Alias, by.User, by.Comment, now,
	)
	return err
}

// logMove is logChange for a stage or an alias. A move that changes nothing is logged
// only if it has a comment.
func (t tx) logMove(now int64, by Author, c mlflow.RegistryChange) error {
	if c.From == c.To && by.Comment == "" {
		return nil
	}
	return t.logChange(now, by, c)
}

// RegistryChanges returns one page of the log, newest entries first, and the token of
// the next page, which is "" on the last page. The token contains the id of the last
// entry, so that new entries do not shift the pages.
func (s Registry) RegistryChanges(
	ctx context.Context,
	model string,
	limit int,
	token string,
) (list []mlflow.RegistryChange, next string, err error) {
	before, err := search.DecodeOffset(token)
	if err != nil {
		return nil, "", err
	}
	query := `SELECT id, model, coalesce(version, ''), kind, from_value, to_value, alias, user_email, comment,
		timestamp_ms FROM millrace_registry_log WHERE id < ?`
	args := []any{base.OrMost(before)}
	if model != "" {
		query += ` AND model = ?`
		args = append(args, model)
	} else if visible := base.VisibleModels(ctx, s.Store, `model`, true); visible.SQL != "" {
		query += ` AND ` + visible.SQL
		args = append(args, visible.Args...)
	}
	err = s.ViewReplica(ctx, func(t tx) error {
		list, err = db.CollectUncached(
			t.Tx,
			query+` ORDER BY id DESC LIMIT ?`,
			append(args[:len(args):len(args)], limit+1),
			func(rows *sql.Rows, c *mlflow.RegistryChange) error {
				return rows.Scan(
					&c.ID, &c.Model, &c.Version, &c.Kind, &c.From, &c.To, &c.Alias, &c.User, &c.Comment, &c.TimestampMS,
				)
			},
		)
		return err
	})
	if err == nil && len(list) > limit {
		list = list[:limit]
		next = search.EncodeOffset(int(list[limit-1].ID))
	}
	return list, next, err
}
