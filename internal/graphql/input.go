package graphql

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// variables checks the values of an operation's variables and adds the defaults of
// missing ones.
func (x *Executor) variables(op *ast.OperationDefinition, sent map[string]any) (map[string]any, error) {
	vars := map[string]any{}
	for _, def := range op.VariableDefinitions {
		value, ok := sent[def.Variable]
		switch {
		case !ok && def.DefaultValue != nil:
			value, _ = literal(def.DefaultValue, nil)
		case !ok && def.Type.NonNull:
			return nil, problems{fmt.Sprintf("Variable '$%s' of required type '%s' was not provided.", def.Variable, def.Type)}
		case !ok:
			continue
		case value == nil && def.Type.NonNull:
			return nil, problems{fmt.Sprintf("Variable '$%s' of non-null type '%s' must not be null.", def.Variable, def.Type)}
		}
		value, fault := x.coerce(def.Type, value, def.Variable)
		if fault != nil {
			return nil, fault.inVariable(def.Variable)
		}
		vars[def.Variable] = value
	}
	return vars, nil
}

// literal converts a value of a document into the form of encoding/json. present is
// false for a variable without a value.
func literal(v *ast.Value, vars map[string]any) (value any, present bool) {
	switch v.Kind {
	case ast.Variable:
		value, present = vars[v.Raw]
		return value, present
	case ast.NullValue:
		return nil, true
	case ast.IntValue, ast.FloatValue:
		return json.Number(v.Raw), true
	case ast.BooleanValue:
		return v.Raw == "true", true
	case ast.ListValue:
		list := make([]any, 0, len(v.Children))
		for _, c := range v.Children {
			item, _ := literal(c.Value, vars)
			list = append(list, item)
		}
		return list, true
	case ast.ObjectValue:
		object := make(map[string]any, len(v.Children))
		for _, c := range v.Children {
			if item, ok := literal(c.Value, vars); ok {
				object[c.Name] = item
			}
		}
		return object, true
	}
	return v.Raw, true
}

// fault is an invalid value: the variable's name and the path below it.
type fault struct {
	value  any
	at     string
	reason string
}

// inVariable returns MLflow's message for an invalid value of a variable.
func (f *fault) inVariable(name string) error {
	place := ""
	if f.at != name {
		place = " at '" + clip(f.at) + "'"
	}
	return problems{fmt.Sprintf("Variable '$%s' got invalid value %s%s; %s", name, shown(f.value), place, f.reason)}
}

// shown formats a value for a message.
func shown(value any) string {
	switch v := value.(type) {
	case nil:
		return "None"
	case string:
		return clip("'" + v + "'")
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "of an unknown type"
	}
	return reworded(string(text))
}

// coerce checks a value against its type. It converts a single item to a list if the
// type is a list. Values have the form of encoding/json.
func (x *Executor) coerce(t *ast.Type, value any, at string) (any, *fault) {
	if value == nil {
		if t.NonNull {
			return nil, &fault{value, at, "Expected non-nullable type '" + t.String() + "' not to be None."}
		}
		return nil, nil
	}
	if t.Elem != nil {
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		out := make([]any, len(list))
		for i, item := range list {
			var bad *fault
			if out[i], bad = x.coerce(t.Elem, item, at+"["+strconv.Itoa(i)+"]"); bad != nil {
				return nil, bad
			}
		}
		return out, nil
	}
	switch def := x.schema.Types[t.NamedType]; def.Kind {
	case ast.InputObject:
		return x.coerceObject(def, value, at)
	case ast.Enum:
		s, ok := value.(string)
		if !ok || def.EnumValues.ForName(s) == nil {
			return nil, &fault{value, at, fmt.Sprintf("Value %s does not exist in '%s' enum.", shown(value), def.Name)}
		}
		return s, nil
	default:
		return coerceScalar(def.Name, value, at)
	}
}

func (x *Executor) coerceObject(def *ast.Definition, value any, at string) (any, *fault) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil, &fault{value, at, "Expected type '" + def.Name + "' to be a mapping."}
	}
	out := make(map[string]any, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		field := def.Fields.ForName(name)
		if field == nil {
			return nil, &fault{value, at, fmt.Sprintf("Field '%s' is not defined by type '%s'.", clip(name), def.Name)}
		}
		var bad *fault
		item := object[name]
		if item != nil && field.Directives.ForName("long") != nil {
			item, bad = coerceScalar("LongString", item, at+"."+name)
		} else {
			item, bad = x.coerce(field.Type, item, at+"."+name)
		}
		if bad != nil {
			return nil, bad
		}
		out[name] = item
	}
	return out, nil
}

// cannot maps the scalars to messages for invalid values.
var cannot = map[string]string{
	"Int":        " cannot represent non-integer value: ",
	"Float":      " cannot represent non numeric value: ",
	"String":     " cannot represent a non string value: ",
	"Boolean":    " cannot represent a non boolean value: ",
	"ID":         " cannot represent value: ",
	"LongString": " cannot represent a non 64-bit integer value: ",
}

func coerceScalar(name string, value any, at string) (any, *fault) {
	reason := cannot[name]
	fits := false
	switch v := value.(type) {
	case string:
		_, err := strconv.ParseInt(v, 10, 64)
		fits = name == "String" || name == "ID" || name == "LongString" && err == nil
	case bool:
		fits = name == "Boolean"
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		switch whole := err == nil; name {
		case "Int":
			fits = whole && n >= math.MinInt32 && n <= math.MaxInt32
			if whole {
				reason = " cannot represent non 32-bit signed integer value: "
			}
		case "LongString", "ID":
			fits = whole
		case "Float":
			fits = true
		}
	}
	if !fits {
		return nil, &fault{value, at, name + reason + shown(value)}
	}
	return value, nil
}
