package dbcopy

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millrace-ml/millrace/internal/db"
)

// checksum is the checksum of the rows of a table, independent of their order.
type checksum struct {
	rows   int64
	sum    [2]uint64
	buffer []byte
}

func (c *checksum) add(t *tablePlan, row []any) {
	b := c.buffer[:0]
	for i, v := range row {
		b = appendValue(b, t.kinds[i], v)
	}
	c.buffer = b
	h := sha256.Sum256(b)
	c.rows++
	c.sum[0] += binary.LittleEndian.Uint64(h[:])
	c.sum[1] += binary.LittleEndian.Uint64(h[8:])
}

func (c *checksum) equal(o *checksum) bool { return c.rows == o.rows && c.sum == o.sum }

// appendValue appends the encoding of a normal value. Two values are equal if and
// only if their encodings are.
func appendValue(b []byte, k kind, v any) []byte {
	text := func(s string) []byte {
		b = binary.AppendUvarint(append(b, 't'), uint64(len(s)))
		return append(b, s...)
	}
	switch v := v.(type) {
	case nil:
		return append(b, 0)
	case int64:
		return binary.LittleEndian.AppendUint64(append(b, 'i'), uint64(v)) //nolint:gosec // The bits.
	case float64:
		switch {
		case math.IsNaN(v):
			v = math.NaN()
		case k == kindFloat32:
			v = float64(float32(v))
		}
		return binary.LittleEndian.AppendUint64(append(b, 'f'), math.Float64bits(v+0)) // -0 is 0.
	case bool:
		if v {
			return append(b, 'b', 1)
		}
		return append(b, 'b', 0)
	case time.Time:
		return text(v.Format(timeLayout))
	case []byte:
		return text(string(v))
	case string:
		if k == kindJSON {
			v = canonicalJSON(v)
		}
		return text(v)
	}
	return b
}

// verify compares a table of both databases. read is the checksum of the source, or
// nil if it is not known yet.
func verify(ctx context.Context, s *sourceDB, d *targetDB, t *tablePlan, read *checksum, seen func(rows int64)) error {
	var there checksum
	g, ctx := errgroup.WithContext(ctx)
	if read == nil {
		read = &checksum{}
		g.Go(func() error { return sum(s.reader(ctx), t, selected(s.flavor, t.source), read, func(int64) {}) })
	}
	g.Go(func() error {
		return sum(d.on(ctx, d.conn), t, selected(d.flavor, t.target), &there, seen)
	})
	if err := g.Wait(); err != nil {
		return fmt.Errorf("comparing the table %s: %w", t.name, err)
	}
	if read.rows != there.rows {
		return fmt.Errorf("the table %s has %d rows in the source and %d in the target", t.name, read.rows, there.rows)
	}
	if !read.equal(&there) {
		return fmt.Errorf("the table %s has %d rows in both, but not the same ones", t.name, read.rows)
	}
	return nil
}

func sum(q db.Tx, t *tablePlan, columns string, into *checksum, seen func(rows int64)) error {
	return scanRows(q, t, "SELECT "+columns+" FROM `"+t.name+"`", nil, func(row []any) error {
		into.add(t, row)
		if into.rows%progressRows == 0 {
			seen(into.rows)
		}
		return nil
	})
}
