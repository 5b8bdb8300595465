package api

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/millrace-ml/millrace/mlflow"
)

// logModelJSON keeps the part of an MLmodel file that the run's history shows.
func (s *Server) logModelJSON(ctx context.Context, in *mlflow.LogModelJSONRequest) (*mlflow.Empty, error) {
	var model map[string]json.RawMessage
	if err := json.Unmarshal([]byte(in.ModelJSON), &model); err != nil {
		return nil, mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Malformed model info. \n %s \n is not a JSON object.",
			shorten(in.ModelJSON),
		)
	}
	var missing []string
	for _, field := range []string{"artifact_path", "flavors", "utc_time_created", "run_id"} {
		if _, ok := model[field]; !ok {
			missing = append(missing, "'"+field+"'")
		}
	}
	if missing != nil {
		return nil, mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Model json is missing mandatory fields: [%s]",
			strings.Join(missing, ", "),
		)
	}
	flavors, err := historyFlavors(model["flavors"])
	if err != nil {
		return nil, err
	}
	null := json.RawMessage("null")
	var kept []member
	for _, field := range []string{"run_id", "artifact_path", "utc_time_created"} {
		if !bytes.Equal(model[field], null) {
			kept = append(kept, member{field, model[field]})
		}
	}
	id := model["model_uuid"]
	if id == nil {
		id = null
	}
	kept = append(kept, member{"model_uuid", id}, member{"flavors", flavors})
	return &mlflow.Empty{}, s.Store.LogModelJSON(ctx, in.RunID, object(kept))
}

// historyFlavors leaves each flavor's config out: it may hold secrets, and MLflow
// leaves it out as well.
func historyFlavors(raw json.RawMessage) (json.RawMessage, error) {
	flavors, ok := members(raw)
	if !ok {
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "Malformed model info: flavors is not a JSON object.")
	}
	for i, flavor := range flavors {
		fields, ok := members(flavor.value)
		if !ok {
			continue
		}
		var kept []member
		for _, f := range fields {
			if f.name != "config" {
				kept = append(kept, f)
			}
		}
		flavors[i].value = object(kept)
	}
	return object(flavors), nil
}

// member is a name and its value in a JSON object. Clients compare the history
// as a text, so the order of an object's members has to be kept.
type member struct {
	name  string
	value json.RawMessage
}

// members returns what a JSON object holds, in order; nothing for null.
func members(raw json.RawMessage) (list []member, ok bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	first, err := d.Token()
	if err != nil || first == nil {
		return nil, err == nil
	}
	if first != json.Delim('{') {
		return nil, false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, false
		}
		m := member{name: name.(string)} //nolint:forcetypeassert // The decoder takes nothing else there.
		if err := d.Decode(&m.value); err != nil {
			return nil, false
		}
		list = append(list, m)
	}
	return list, true
}

func object(list []member) json.RawMessage {
	var b bytes.Buffer
	names := json.NewEncoder(&b)
	names.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, m := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		_ = names.Encode(m.name) // Strings always marshal.
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}
