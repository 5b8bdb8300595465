package evaluation

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/genai"
)

// Limits of records, in characters of columns and records of a request.
const (
	maxRecords  = 100_000
	maxSourceID = 36
	maxUser     = 255
)

// sourceTypes are the types of the sources of records.
var sourceTypes = []string{"UNSPECIFIED", "TRACE", "HUMAN", "DOCUMENT", "CODE"}

// Record is a record that a client sends. Outputs is nil for null; hasOutputs is whether the
// client has sent outputs. The other fields are nil if they are missing or null.
type Record struct {
	inputs, expectations, tags *python.Dict
	outputs                    any
	hasOutputs                 bool
	// source has the type and the data of the source, sourceID what identifies it.
	source               *python.Dict
	sourceType, sourceID *string
	// user is the user who sends the record, or nil.
	user *string
	// hash identifies the inputs in a dataset.
	hash string
}

// ParseRecords parses the JSON list of the records of a request.
func (s Evaluations) ParseRecords(text string) ([]Record, error) {
	// A list and a record have two levels, and outputs are wrapped in an object.
	v, err := python.Loads(text, s.Dialect.JSONDepth+1)
	if err != nil {
		return nil, invalid("Invalid value for parameter 'records' supplied: it is not valid JSON: %v.", err)
	}
	list, isList := v.([]any)
	switch {
	case !isList:
		return nil, invalid("Invalid value for parameter 'records' supplied: it must be a JSON list of objects.")
	case len(list) > maxRecords:
		return nil, invalid("A request can have at most %d records. Got %d.", maxRecords, len(list))
	}
	records := make([]Record, len(list))
	for i, item := range list {
		if !s.Dialect.JSONNumbers && !python.IsFinite(item) {
			return nil, invalid("Record %d has NaN or an infinite number, which the database cannot keep.", i)
		}
		fields, isDict := item.(*python.Dict)
		if !isDict {
			return nil, invalid("Record %d is not a JSON object.", i)
		}
		if err := records[i].read(fields); err != nil {
			var known *mlflow.Error
			if errors.As(err, &known) {
				return nil, err
			}
			return nil, invalid("Record %d: %v.", i, err)
		}
	}
	return records, nil
}

// read takes the fields of a record. Fields with other names are ignored.
func (r *Record) read(fields *python.Dict) (err error) {
	inputs, hasInputs := fields.Get("inputs")
	if !hasInputs {
		inputs = python.NewDict()
	}
	var isDict bool
	if r.inputs, isDict = inputs.(*python.Dict); !isDict {
		return errors.New("'inputs' must be an object")
	}
	sum := sha256.Sum256([]byte(python.DumpsSorted(r.inputs)))
	r.hash = hex.EncodeToString(sum[:])
	r.outputs, r.hasOutputs = fields.Get("outputs")
	if r.expectations, err = dictOf(fields, "expectations"); err != nil {
		return err
	}
	if r.tags, err = dictOf(fields, "tags"); err != nil {
		return err
	}
	if r.tags != nil {
		if r.user, err = textOf(r.tags, genai.TagUser, maxUser); err != nil {
			return err
		}
	}
	source, err := dictOf(fields, "source")
	if err != nil || source == nil || source.Len() == 0 {
		return err
	}
	return r.readSource(source)
}

// readSource takes the source of a record.
func (r *Record) readSource(source *python.Dict) error {
	for _, key := range source.Keys() {
		if key != "source_type" && key != "source_data" {
			return fmt.Errorf("'source' has the unknown field %.60q", key)
		}
	}
	v, _ := source.Get("source_type")
	text, isText := v.(string)
	if !isText {
		return errors.New("'source' must have a 'source_type'")
	}
	kind := strings.ToUpper(text)
	if !slices.Contains(sourceTypes, kind) {
		return invalid("Invalid dataset record source type: %.60s. Valid source types: %s", kind,
			python.ReprList(sourceTypes))
	}
	data, err := dictOf(source, "source_data")
	if err != nil {
		return err
	}
	if data == nil {
		data = python.NewDict()
	}
	idKey := "source_id"
	if kind == "TRACE" {
		idKey = "trace_id"
	}
	r.sourceID, err = textOf(data, idKey, maxSourceID)
	r.sourceType = &kind
	r.source = python.NewDict()
	r.source.Set("source_type", kind)
	r.source.Set("source_data", data)
	return err
}

// dictOf returns the object with a key. It is nil if there is none or null.
func dictOf(d *python.Dict, key string) (*python.Dict, error) {
	v, _ := d.Get(key)
	if v == nil {
		return nil, nil //nolint:nilnil // There is none.
	}
	dict, isDict := v.(*python.Dict)
	if !isDict {
		return nil, fmt.Errorf("'%s' must be an object", key)
	}
	return dict, nil
}

// textOf returns the text with a key for a column of some characters. It is nil if there is
// none or null.
func textOf(d *python.Dict, key string, limit int) (*string, error) {
	v, _ := d.Get(key)
	if v == nil {
		return nil, nil //nolint:nilnil // There is none.
	}
	text, isText := v.(string)
	switch {
	case !isText:
		return nil, fmt.Errorf("'%s' must be a text", key)
	case utf8.RuneCountInString(text) > limit:
		return nil, fmt.Errorf("'%s' exceeds the maximum length of %d characters", key, limit)
	case strings.ContainsRune(text, 0):
		return nil, fmt.Errorf("'%s' cannot contain NUL characters", key)
	}
	return &text, nil
}

// describe adds the types of the fields of a record to the schema of a dataset. A field keeps
// its first type.
func (r *Record) describe(schema *python.Dict) {
	add := func(part string, fields *python.Dict) {
		v, _ := schema.Get(part)
		types, isDict := v.(*python.Dict)
		if fields == nil || !isDict {
			return
		}
		for _, key := range fields.Keys() {
			if _, known := types.Get(key); !known {
				value, _ := fields.Get(key)
				types.Set(key, typeName(value))
			}
		}
	}
	add("inputs", r.inputs)
	outputs, isDict := r.outputs.(*python.Dict)
	types, _ := schema.Get("outputs")
	first, isEmpty := types.(*python.Dict)
	switch {
	case isDict:
		add("outputs", outputs)
	case r.outputs != nil && isEmpty && first.Len() == 0:
		schema.Set("outputs", typeName(r.outputs))
	}
	add("expectations", r.expectations)
}

// newSchema returns the schema of a dataset without records.
func newSchema() *python.Dict {
	schema := python.NewDict()
	for _, part := range []string{"inputs", "outputs", "expectations"} {
		schema.Set(part, python.NewDict())
	}
	schema.Set("version", "1.0")
	return schema
}

// typeName returns the name that MLflow has for the type of a value.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case python.Int:
		return "integer"
	case float64:
		return "float"
	case string:
		return "string"
	case []any:
		return "array"
	default:
		return "object"
	}
}
