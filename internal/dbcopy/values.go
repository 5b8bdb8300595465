package dbcopy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/db"
)

// kind is the type of the values of a column, independent of the database.
type kind int

const (
	kindUnknown kind = iota
	kindInt
	kindFloat
	kindFloat32
	kindBool
	kindText
	kindJSON
	kindBytes
	kindDate
	kindTime
)

// kinds maps the types of all databases, without lengths.
var kinds = map[string]kind{
	"int": kindInt, "integer": kindInt, "bigint": kindInt, "smallint": kindInt, "tinyint": kindInt, "mediumint": kindInt,
	"float": kindFloat, "double": kindFloat, "double precision": kindFloat, "real": kindFloat,
	"boolean": kindBool, "bool": kindBool,
	"varchar": kindText, "character varying": kindText, "char": kindText, "character": kindText,
	"text": kindText, "clob": kindText,
	"tinytext": kindText, "mediumtext": kindText, "longtext": kindText, "nvarchar": kindText,
	"json": kindJSON, "jsonb": kindJSON,
	"blob": kindBytes, "bytea": kindBytes, "tinyblob": kindBytes, "mediumblob": kindBytes, "longblob": kindBytes,
	"varbinary": kindBytes, "binary": kindBytes,
	"date":     kindDate,
	"datetime": kindTime, "timestamp": kindTime, "timestamp without time zone": kindTime,
	"timestamp with time zone": kindTime,
}

func kindOf(f db.Flavor, typ string) kind {
	typ = strings.ToLower(typ)
	base, _, _ := strings.Cut(typ, "(")
	base = strings.TrimSuffix(strings.TrimSpace(base), " unsigned")
	switch {
	case typ == "tinyint(1)":
		return kindBool
	case f == db.PostgreSQL && base == "real", f.IsMySQL() && base == "float":
		return kindFloat32
	}
	return kinds[base]
}

// common returns the kind as which the values of two columns are compared.
func common(a, b kind) kind {
	a, b = min(a, b), max(a, b)
	switch {
	case a == b, a == kindInt && b == kindBool, a == kindFloat && b == kindFloat32, a == kindText && b == kindJSON:
		return b
	case a == kindInt && (b == kindFloat || b == kindFloat32):
		return b
	}
	return kindUnknown
}

const (
	dateLayout = "2006-01-02"
	timeLayout = "2006-01-02 15:04:05.000000"
)

// normal returns a value that does not depend on the driver: nil, int64, float64,
// bool, string, []byte or time.Time.
func normal(k kind, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	if text, ok := v.([]byte); ok && k != kindBytes {
		v = string(text)
	}
	switch k {
	case kindInt:
		return normalInt(v)
	case kindFloat, kindFloat32:
		return normalFloat(v)
	case kindBool:
		n, err := normalInt(v)
		if err != nil || n != 0 && n != 1 {
			return nil, fmt.Errorf("%v is neither true nor false", v)
		}
		return n == 1, nil
	case kindBytes:
		if s, ok := v.(string); ok {
			return []byte(s), nil
		}
	case kindDate, kindTime:
		return normalTime(v)
	default:
		return normalText(v)
	}
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("%v is a %T, not bytes", v, v)
	}
	return append([]byte{}, b...), nil // Drivers return nil for no bytes, but store nil as NULL.
}

func normalInt(v any) (int64, error) {
	switch v := v.(type) {
	case int64:
		return v, nil
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%q is no whole number", fmt.Sprint(v))
}

func normalFloat(v any) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case float32:
		return float64(v), nil
	case int64:
		return float64(v), nil
	case string:
		if x, err := strconv.ParseFloat(v, 64); err == nil {
			return x, nil
		}
	}
	return 0, fmt.Errorf("%q is no number", fmt.Sprint(v))
}

// normalText also accepts numbers, since SQLite stores JSON that is one number as a
// number.
func normalText(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	}
	return "", fmt.Errorf("%v is a %T, not text", v, v)
}

func normalTime(v any) (time.Time, error) {
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Truncate(time.Microsecond), nil
	case string:
		for _, layout := range []string{"2006-01-02 15:04:05", dateLayout, time.RFC3339} {
			if t, err := time.Parse(layout, v); err == nil {
				return t.UTC().Truncate(time.Microsecond), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("%q is no date", fmt.Sprint(v))
}

// driverValue returns a normal value as an argument for the driver of a database.
func driverValue(f db.Flavor, k kind, v any) any {
	t, ok := v.(time.Time)
	switch {
	case !ok || f == db.PostgreSQL:
		return v
	case k == kindDate:
		return t.Format(dateLayout)
	}
	return t.Format(timeLayout)
}

// fits returns an error if a column of a database cannot store a normal value.
func (c *columnInfo) fits(f db.Flavor, v any) error {
	switch v := v.(type) {
	case string:
		return c.fitsText(f, v)
	case int64:
		if c.bits < 64 && (v >= 1<<(c.bits-1) || v < -1<<(c.bits-1)) {
			return fmt.Errorf("the number %d is beyond the %d bits of the target's column", v, c.bits)
		}
	case float64:
		if f == db.PostgreSQL {
			return nil
		}
		if math.IsNaN(v) || math.IsInf(v, 0) && f != db.SQLite {
			return fmt.Errorf("%s cannot hold the number %v", f, v)
		}
	}
	return nil
}

func (c *columnInfo) fitsText(f db.Flavor, v string) error {
	switch {
	case f == db.SQLite:
		return nil
	case f == db.PostgreSQL && strings.IndexByte(v, 0) >= 0:
		return fmt.Errorf("PostgreSQL cannot hold the NUL character that the text has at byte %d", strings.IndexByte(v, 0))
	case !utf8.ValidString(v):
		return fmt.Errorf("the text is not valid UTF-8, which %s wants", f)
	case c.chars > 0 && len(v) > c.chars && utf8.RuneCountInString(v) > c.chars:
		return fmt.Errorf("the text has %d characters and the target's column takes %d", utf8.RuneCountInString(v), c.chars)
	case c.bytes > 0 && len(v) > c.bytes:
		return fmt.Errorf("the text has %d bytes and the target's column takes %d", len(v), c.bytes)
	}
	return nil
}

// canonicalJSON formats JSON so that equal documents are equal texts. A database may
// reorder names and change spaces and the spelling of numbers.
func canonicalJSON(text string) string {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return text
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	if e.Encode(canonicalNumbers(v)) != nil {
		return text
	}
	return b.String()
}

func canonicalNumbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, part := range v {
			v[name] = canonicalNumbers(part)
		}
	case []any:
		for i, part := range v {
			v[i] = canonicalNumbers(part)
		}
	case json.Number:
		if _, err := v.Int64(); err == nil {
			return v
		}
		if x, err := v.Float64(); err == nil {
			return json.Number(strconv.FormatFloat(x, 'g', -1, 64))
		}
	}
	return v
}

// encodeKey encodes the primary key of a row for decodeKey.
func encodeKey(key []any) string {
	parts := make([]string, len(key))
	for i, v := range key {
		switch v := v.(type) {
		case int64:
			parts[i] = "i" + strconv.FormatInt(v, 10)
		case float64:
			parts[i] = "f" + strconv.FormatFloat(v, 'x', -1, 64)
		case bool:
			parts[i] = "b" + strconv.FormatBool(v)
		case time.Time:
			parts[i] = "d" + v.Format(time.RFC3339Nano)
		case []byte:
			parts[i] = "x" + strconv.QuoteToASCII(string(v))
		default:
			parts[i] = "t" + strconv.QuoteToASCII(v.(string))
		}
	}
	out, _ := json.Marshal(parts) // ASCII strings can always be encoded.
	return string(out)
}

func decodeKey(text string) ([]any, error) {
	var parts []string
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		return nil, fmt.Errorf("the progress of the copy is damaged: %w", err)
	}
	key := make([]any, len(parts))
	for i, part := range parts {
		var err error
		switch rest := part[min(1, len(part)):]; cmp.Or(part, " ")[0] {
		case 'i':
			key[i], err = strconv.ParseInt(rest, 10, 64)
		case 'f':
			key[i], err = strconv.ParseFloat(rest, 64)
		case 'b':
			key[i], err = strconv.ParseBool(rest)
		case 'd':
			key[i], err = time.Parse(time.RFC3339Nano, rest)
		case 't':
			key[i], err = strconv.Unquote(rest)
		case 'x':
			var s string
			s, err = strconv.Unquote(rest)
			key[i] = []byte(s)
		default:
			err = fmt.Errorf("%q is no part of a key", part)
		}
		if err != nil {
			return nil, fmt.Errorf("the progress of the copy is damaged: %w", err)
		}
	}
	return key, nil
}
