package accounts

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
)

// The limits of audit entries in characters: those of the columns.
const (
	maxAuditName   = 255
	maxAuditClient = 64
	maxAuditAction = 250
	maxAuditDetail = 2000
	maxAuditPage   = 1000
)

// AuditEntry says who did what, when and from where, and with which result.
type AuditEntry struct {
	ID          int64 `json:"id"`
	TimestampMS int64 `json:"timestamp_ms"`
	// Username is the user of the request, or the name that a failed login gave.
	Username string `json:"username"`
	// TokenID is the access token of the request, or "".
	TokenID string `json:"token_id,omitempty"`
	// Client is the IP address of the client.
	Client string `json:"client"`
	// Action is the route without its prefix, such as experiments/delete, or login.
	Action string `json:"action"`
	// Detail is the request in JSON, without passwords.
	Detail string `json:"detail"`
	// Result is "OK" or the code of the error.
	Result string `json:"result"`
}

// Audit appends an entry to the audit log. The database sets its ID. Texts that are too
// long are cut.
func (s *Store) Audit(ctx context.Context, e AuditEntry) error {
	return s.writeUncounted(ctx, func(t tx) error {
		_, err := t.Exec(
			`INSERT INTO millrace_audit_log (timestamp_ms, username, token_id, client, action, detail, result)
				VALUES (?, ?, ?, ?, ?, ?, ?)`,
			e.TimestampMS, cut(e.Username, maxAuditName), e.TokenID, cut(e.Client, maxAuditClient),
			cut(e.Action, maxAuditAction), cut(e.Detail, maxAuditDetail), e.Result,
		)
		return err
	})
}

// cut returns the first n characters of a text that every database can store.
func cut(text string, n int) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

// AuditFilter selects entries of the audit log. Empty fields select all.
type AuditFilter struct {
	Username string
	Action   string
	Result   string
	// FromMS and ToMS are Unix milliseconds; ToMS is excluded.
	FromMS, ToMS int64
}

// AuditLog returns a page of the audit log, newest first, and the token of the next page,
// which is "" on the last page.
func (s *Store) AuditLog(
	ctx context.Context, f AuditFilter, limit int, token string,
) (list []AuditEntry, next string, err error) {
	if limit < 1 || limit > maxAuditPage {
		return nil, "", invalid("max_results must be between 1 and %d (got %d).", maxAuditPage, limit)
	}
	conditions, args := []string{"1 = 1"}, []any{}
	add := func(condition string, arg any) {
		conditions, args = append(conditions, condition), append(args, arg)
	}
	if token != "" {
		before, err := strconv.ParseInt(token, 10, 64)
		if err != nil || before < 1 {
			return nil, "", invalid("Invalid page token '%s'.", cut(token, maxAuditClient))
		}
		add("id < ?", before)
	}
	for column, value := range map[string]string{"username": f.Username, "action": f.Action, "result": f.Result} {
		if value != "" {
			add(column+" = ?", value)
		}
	}
	if f.FromMS != 0 {
		add("timestamp_ms >= ?", f.FromMS)
	}
	if f.ToMS != 0 {
		add("timestamp_ms < ?", f.ToMS)
	}
	query := `SELECT id, timestamp_ms, username, token_id, client, action, detail, result FROM millrace_audit_log
		WHERE ` + strings.Join(conditions, " AND ") + ` ORDER BY id DESC LIMIT ?`
	err = s.read(ctx, func(t tx) error {
		list, err = db.CollectUncached(t.Tx, query, append(args, limit+1), func(rows *sql.Rows, e *AuditEntry) error {
			return rows.Scan(
				&e.ID, &e.TimestampMS, &e.Username, &e.TokenID, &e.Client, &e.Action, &e.Detail, &e.Result,
			)
		})
		return err
	})
	if err == nil && len(list) > limit {
		list = list[:limit]
		next = strconv.FormatInt(list[limit-1].ID, 10)
	}
	return list, next, err
}

// pruneChunk is the most entries that one transaction deletes, so that it is short.
const pruneChunk = 1000

// PruneAudit deletes the entries before a time.
func (s *Store) PruneAudit(ctx context.Context, beforeMS int64) error {
	for {
		var deleted int64
		err := s.writeUncounted(ctx, func(t tx) error {
			ids, err := db.Collect(
				t.Tx, "SELECT id FROM millrace_audit_log WHERE timestamp_ms < ? ORDER BY timestamp_ms LIMIT ?",
				[]any{beforeMS, pruneChunk}, scanOne[int64],
			)
			if err != nil || len(ids) == 0 {
				deleted = 0
				return err
			}
			deleted, err = t.Exec("DELETE FROM millrace_audit_log WHERE id IN (?...)", ids)
			return err
		})
		if err != nil || deleted < pruneChunk {
			return err
		}
	}
}
