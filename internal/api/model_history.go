package api

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/mlflow"
)

// logModelJSON stores the part of an MLmodel file that MLflow shows in a run's history
// of models.
func (s *Server) logModelJSON(ctx context.Context, in *mlflow.LogModelJSONRequest) (*mlflow.Empty, error) {
	var model map[string]json.RawMessage
	if err := json.Unmarshal([]byte(in.ModelJSON), &model); err != nil {
		return nil, apierror.Invalid("Malformed model info. \n %s \n is not a JSON object.", apierror.Shorten(in.ModelJSON))
	}
	var missing []string
	for _, field := range []string{"artifact_path", "flavors", "utc_time_created", "run_id"} {
		if _, ok := model[field]; !ok {
			missing = append(missing, "'"+field+"'")
		}
	}
	if missing != nil {
		return nil, apierror.Invalid("Model json is missing mandatory fields: [%s]", strings.Join(missing, ", "))
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
	return &mlflow.Empty{}, s.Store.LogModelJSON(ctx, in.RunID, jsonObject(kept))
}

// historyFlavors removes the config of each flavor, which may contain secrets. MLflow
// removes it as well.
func historyFlavors(raw json.RawMessage) (json.RawMessage, error) {
	flavors, ok := members(raw)
	if !ok {
		return nil, apierror.Invalid("Malformed model info: flavors is not a JSON object.")
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
		flavors[i].value = jsonObject(kept)
	}
	return jsonObject(flavors), nil
}

// member is a name and a value of a JSON object. Clients compare the history as a
// string, so the order of members must not change.
type member struct {
	name  string
	value json.RawMessage
}

// members returns the members of a JSON object in order. null has none.
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
		m := member{name: name.(string)} //nolint:forcetypeassert // A decoder of JSON returns strings as keys.
		if err := d.Decode(&m.value); err != nil {
			return nil, false
		}
		list = append(list, m)
	}
	return list, true
}

func jsonObject(list []member) json.RawMessage {
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
