package mlflow

import (
	"encoding/json"
	"strconv"
)

// AppendJSON appends the response's JSON to b. Reflection takes several times as long
// for a model with thousands of versions.
func (r *MonitorModelResponse) AppendJSON(b []byte) []byte {
	model, _ := json.Marshal(r.RegisteredModel) // Strings and numbers always marshal.
	b = append(append(b, `{"registered_model":`...), model...)
	if len(r.Versions) > 0 {
		b = appendList(append(b, ','), `"versions":`, r.Versions, (*MonitoredVersion).appendJSON)
	}
	b = appendIfAny(b, `,"next_page_token":`, r.NextPageToken)
	return append(b, '}')
}

func (v *MonitoredVersion) appendJSON(b []byte) []byte {
	b = v.appendFields(append(b, '{'))
	for _, f := range [...]struct{ name, value string }{
		{`,"model_id":`, v.ModelID},
		{`,"run_name":`, v.RunName},
		{`,"experiment_id":`, v.ExperimentID},
		{`,"experiment_name":`, v.ExperimentName},
		{`,"run_user":`, v.RunUser},
		{`,"created_by":`, v.CreatedBy},
	} {
		b = appendIfAny(b, f.name, f.value)
	}
	b = appendList(b, `,"metrics":`, v.Metrics, (*Metric).AppendJSON)
	b = appendList(b, `,"datasets":`, v.Datasets, func(d *DatasetSummary, b []byte) []byte {
		b = appendJSONString(append(b, `{"experiment_id":`...), d.ExperimentID)
		b = appendJSONString(append(b, `,"name":`...), d.Name)
		b = appendJSONString(append(b, `,"digest":`...), d.Digest)
		return append(appendIfAny(b, `,"context":`, d.Context), '}')
	})
	return append(b, '}')
}

// appendFields appends the fields of a version without the braces.
func (v *ModelVersion) appendFields(b []byte) []byte {
	b = appendJSONString(append(b, `"name":`...), v.Name)
	b = appendJSONString(append(b, `,"version":`...), v.Version)
	b = strconv.AppendInt(append(b, `,"creation_timestamp":`...), v.CreationTimestamp, 10)
	b = strconv.AppendInt(append(b, `,"last_updated_timestamp":`...), v.LastUpdatedTimestamp, 10)
	b = appendIfAny(b, `,"user_id":`, v.UserID)
	b = appendJSONString(append(b, `,"current_stage":`...), v.CurrentStage)
	if v.Description != nil {
		b = appendJSONString(append(b, `,"description":`...), *v.Description)
	}
	b = appendJSONString(append(b, `,"source":`...), v.Source)
	b = appendJSONString(append(b, `,"run_id":`...), v.RunID)
	b = appendJSONString(append(b, `,"status":`...), v.Status)
	b = appendIfAny(b, `,"status_message":`, v.StatusMessage)
	b = appendList(b, `,"tags":`, v.Tags, func(t *Tag, b []byte) []byte { return appendPair(b, t.Key, t.Value) })
	b = appendJSONString(append(b, `,"run_link":`...), v.RunLink)
	return appendList(
		b,
		`,"aliases":`,
		v.Aliases,
		func(alias *string, b []byte) []byte { return appendJSONString(b, *alias) },
	)
}

func appendIfAny(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendJSONString(append(b, name...), value)
}
