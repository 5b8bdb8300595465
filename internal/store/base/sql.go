package base

import (
	"database/sql"
	"math"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/internal/search"
)

// And joins the conditions that are not "".
func And(conditions ...string) string {
	kept := conditions[:0:0]
	for _, c := range conditions {
		if c != "" {
			kept = append(kept, c)
		}
	}
	return strings.Join(kept, " AND ")
}

// CutPage removes the additional row that was read to find out whether there is
// another page, and returns the token of that page.
func CutPage[T any](list []T, limit, offset int) (page []T, next string) {
	if len(list) <= limit {
		return list, ""
	}
	return list[:limit], search.EncodeOffset(offset + limit)
}

// OrMost returns the bound of a page whose token has that of the page before, or the maximum for the
// first page.
func OrMost(bound int) int {
	if bound == 0 {
		return math.MaxInt
	}
	return bound
}

// Concat joins the arguments of parts of a statement.
func Concat(parts ...[]any) []any {
	var all []any
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// InDefault restricts a query to the default workspace, which is the only one.
const InDefault = "workspace = 'default'"

// NewID returns a random id of 32 hexadecimal digits.
func NewID() string { return strings.ReplaceAll(uuid.NewString(), "-", "") }

// oneOf returns the condition that a column is one of some ids. A single id is
// compared with =, so that the database can use the order of an index that begins
// with the column.
func oneOf(column string, ids []int64) (condition string, arg any) {
	if len(ids) == 1 {
		return column + " = ?", ids[0]
	}
	return column + " IN (?...)", ids
}

// FirstError calls the steps in order until one fails.
func FirstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// ScanPair scans rows of the id of an owner, a key and a value.
func ScanPair(add func(id, key, value string) error) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var id, key, value string
		if err := rows.Scan(&id, &key, &value); err != nil {
			return err
		}
		return add(id, key, value)
	}
}

// ScanFour scans rows of four texts.
func ScanFour(add func(a, b, c, d string) error) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var a, b, c, d string
		if err := rows.Scan(&a, &b, &c, &d); err != nil {
			return err
		}
		return add(a, b, c, d)
	}
}

// SetOf returns the set of some ids.
func SetOf(ids []string) map[string]bool {
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// NowMS returns the milliseconds since 1970.
func NowMS() int64 { return time.Now().UnixMilli() }

// JoinURI appends path elements to a URI such as mlflow-artifacts:/ or s3://b/p. The
// query and the fragment of a URI such as s3://b/p?endpoint=x stay at its end. In
// the path of a file, ? and # are ordinary characters.
func JoinURI(root string, parts ...string) string {
	rest := ""
	if scheme, _, found := strings.Cut(root, ":"); found && !strings.Contains(scheme, "/") {
		if end := strings.IndexAny(root, "?#"); end >= 0 {
			root, rest = root[:end], root[end:]
		}
	}
	if !strings.HasSuffix(root, ":/") && !strings.HasSuffix(root, "://") {
		root = strings.TrimRight(root, "/") + "/"
	}
	return root + strings.Join(parts, "/") + rest
}
