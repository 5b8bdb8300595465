package dbcopy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/millrace-ml/millrace/internal/db"
)

// write writes a batch and the progress of the copy in one transaction.
func (t *targetDB) write(ctx context.Context, table *tablePlan, b batch) error {
	before := t.at[table.name]
	now := position{rows: before.rows + int64(len(b.rows))}
	for _, column := range table.key {
		now.key = append(now.key, b.rows[len(b.rows)-1][column])
	}
	insert := t.insert
	if t.flavor == db.PostgreSQL {
		insert = t.insertPostgres
	}
	err := insert(ctx, table, b, func(exec func(string, ...any) (int64, error)) error {
		return saveProgress(exec, table.name, before, now)
	})
	if err != nil {
		return describeBatch(table, b, err)
	}
	t.at[table.name] = now
	return nil
}

func saveProgress(exec func(string, ...any) (int64, error), table string, before, now position) error {
	if before.key == nil {
		_, err := exec("INSERT INTO millrace_copy (table_name, last_key, row_count) VALUES (?, ?, ?)",
			table, encodeKey(now.key), now.rows)
		return err
	}
	n, err := exec("UPDATE millrace_copy SET last_key = ?, row_count = ? WHERE table_name = ? AND row_count = ?",
		encodeKey(now.key), now.rows, table, before.rows)
	if err == nil && n != 1 {
		err = errors.New("another `millrace db copy` is writing to the target")
	}
	return err
}

// insertPostgres writes a batch with COPY.
func (t *targetDB) insertPostgres(
	ctx context.Context,
	table *tablePlan,
	b batch,
	then func(func(string, ...any) (int64, error)) error,
) error {
	return t.conn.Raw(func(driverConn any) error {
		pg := driverConn.(*stdlib.Conn).Conn()
		raw, err := pg.Begin(ctx)
		if err != nil {
			return err
		}
		_, err = raw.CopyFrom(
			ctx,
			pgx.Identifier{table.name},
			table.columns,
			pgx.CopyFromSlice(len(b.rows), func(i int) ([]any, error) {
				return table.driverRow(db.PostgreSQL, b.rows[i]), nil
			}),
		)
		if err == nil {
			err = then(func(query string, args ...any) (int64, error) {
				tag, err := raw.Exec(ctx, db.PostgreSQL.Rewrite(query, args), args...)
				return tag.RowsAffected(), err
			})
		}
		if err != nil {
			_ = raw.Rollback(context.WithoutCancel(ctx)) // Return the first error.
			return err
		}
		return raw.Commit(ctx)
	})
}

func (t *tablePlan) driverRow(f db.Flavor, row []any) []any {
	out := make([]any, len(row))
	for i, v := range row {
		out[i] = driverValue(f, t.target[i].kind, v)
	}
	return out
}

// maxInsertBytes is less than the smallest common max_allowed_packet, 16 MiB.
const maxInsertBytes = 2 << 20

// insert writes a batch with INSERT statements of many rows.
func (t *targetDB) insert(
	ctx context.Context,
	table *tablePlan,
	b batch,
	then func(func(string, ...any) (int64, error)) error,
) error {
	return t.inTx(ctx, func(q db.Tx) error {
		prefix := "INSERT INTO `" + table.name + "` (" + quoted(table.columns) + ") VALUES "
		one := "(" + db.Placeholders(len(table.columns)) + ")"
		var args []any
		rows, size := 0, 0
		send := func() error {
			_, err := q.Exec(prefix+strings.Repeat(one+", ", rows-1)+one, args...)
			args, rows, size = args[:0], 0, 0
			return err
		}
		for _, row := range b.rows {
			n, _ := table.check(row, db.SQLite)
			if rows > 0 && (rows == q.MaxRows() || size+n > maxInsertBytes) {
				if err := send(); err != nil {
					return err
				}
			}
			args, rows, size = append(args, table.driverRow(t.flavor, row)...), rows+1, size+n
		}
		if err := send(); err != nil {
			return err
		}
		return then(q.Exec)
	})
}

// describeBatch adds the range of rows and a hint to the error of a database.
func describeBatch(t *tablePlan, b batch, err error) error {
	detail := ""
	var pe *pgconn.PgError
	if errors.As(err, &pe) && pe.Detail != "" {
		detail = " (" + pe.Detail + ")"
	}
	switch {
	case db.IsForeignKeyViolation(err):
		detail += ". A row refers to one that the source does not have; delete it there and run the command again"
	case db.IsUniqueViolation(err):
		detail += ". The target takes two of these keys for one; change one in the source and run the command again"
	}
	return fmt.Errorf("the table %s, rows %s to %s: %w%s", t.name, t.at(b.rows[0]), t.at(b.rows[len(b.rows)-1]),
		err, detail)
}
