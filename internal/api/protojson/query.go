package protojson

import (
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/millrace-ml/millrace/internal/apierror"
)

// UnmarshalQuery decodes the query of a GET into the struct that dst points to. A
// list is a repeated parameter.
func UnmarshalQuery(q url.Values, dst any) error {
	v := reflect.ValueOf(dst).Elem()
	p := planOf(v.Type())
	var seen uint64
	for at := range p.fields {
		f := &p.fields[at]
		values, err := p.inQuery(q, at)
		if err != nil {
			return err
		}
		if values == nil || f.path != "" {
			continue
		}
		if err := setQuery(v.Field(f.index), values, f); err != nil {
			return err
		}
		seen |= 1 << at
	}
	return p.missing(v, seen, func() string { return "" })
}

// inQuery returns the values of a field, or nil if the query has none. A current
// name overrides a deprecated one, as in a body.
func (p *plan) inQuery(q url.Values, at int) ([]string, error) {
	name := p.fields[at].name
	camel := camelCase(name)
	if name != camel && q.Has(name) && q.Has(camel) {
		return nil, bothSpellings(name, camel)
	}
	for _, spelling := range []string{name, camel} {
		if q.Has(spelling) {
			return q[spelling], nil
		}
	}
	for old, i := range p.alias {
		if i == at && q.Has(old) {
			return q[old], nil
		}
	}
	return nil, nil
}

func setQuery(v reflect.Value, values []string, f *field) error {
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), len(values), len(values)))
		for i, s := range values {
			if err := setQuery(v.Index(i), []string{s}, f); err != nil {
				return err
			}
		}
		return nil
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	text := values[0]
	kind := jsontext.Kind('"')
	if v.Kind() == reflect.Bool {
		if text = strings.ToLower(text); text != "true" && text != "false" {
			return apierror.Invalid("Invalid boolean value: %s, must be 'true' or 'false'.", apierror.Shorten(values[0]))
		}
		kind = jsontext.Kind(text[0])
	}
	if strings.IndexByte(text, 0) >= 0 || !setScalar(v, kind, text, f.enum) {
		return InvalidType(f.name, strconv.AppendQuote(nil, apierror.Shorten(text)), '"')
	}
	return nil
}

// UnmarshalPath sets the fields with the tag path:"name" from the wildcards of the
// route's pattern.
func UnmarshalPath(req *http.Request, dst any) error {
	v := reflect.ValueOf(dst).Elem()
	for _, f := range planOf(v.Type()).fields {
		if f.path == "" {
			continue
		}
		value := req.PathValue(f.path)
		if value == "" {
			return apierror.MissingParameter(f.path)
		}
		if strings.IndexByte(value, 0) >= 0 {
			return apierror.Invalid("Invalid value for parameter '%s' supplied: texts cannot contain NUL characters.", f.path)
		}
		v.Field(f.index).SetString(value)
	}
	return nil
}
