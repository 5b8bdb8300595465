package mlflow

import "strconv"

// Large responses encode themselves, which takes a fraction of the time of
// encoding/json. The output is the same.

// Responses with a WriteJSON method are written in parts, so that they are not in memory
// twice.

// AppendJSON appends the response's JSON to b.
func (r *SearchRunsResponse) AppendJSON(b []byte) []byte { return appendPage(b, nil, r) }

// WriteJSON appends the response's JSON to b and passes parts of it to flush, which
// returns an empty buffer. It returns the rest.
func (r *SearchRunsResponse) WriteJSON(b []byte, flush func([]byte) []byte) []byte {
	return appendPage(b, flush, r)
}

func (r *SearchRunsResponse) page(b []byte, flush func([]byte) []byte) ([]byte, string) {
	return appendItems(b, flush, `"runs":`, r.Runs, (*Run).AppendJSON), r.NextPageToken
}

// AppendJSON appends the response's JSON to b.
func (r *MetricHistoryResponse) AppendJSON(b []byte) []byte { return appendPage(b, nil, r) }

// WriteJSON is like [SearchRunsResponse.WriteJSON].
func (r *MetricHistoryResponse) WriteJSON(b []byte, flush func([]byte) []byte) []byte {
	return appendPage(b, flush, r)
}

func (r *MetricHistoryResponse) page(b []byte, flush func([]byte) []byte) ([]byte, string) {
	b = appendItems(b, flush, `"metrics":`, r.Metrics, (*Metric).AppendJSON)
	if r.More == nil || len(r.Metrics) == 0 {
		return b, r.NextPageToken
	}
	b = b[:len(b)-1] // Remove the bracket, because the list continues.
	for list := range r.More {
		for i := range list {
			if b = list[i].AppendJSON(append(b, ',')); flush != nil && len(b) >= pieceSize {
				b = flush(b)
			}
		}
	}
	return append(b, ']'), r.NextPageToken
}

// appendPage appends the JSON of a list and of its page token.
func appendPage(b []byte, flush func([]byte) []byte, r interface {
	page(b []byte, flush func([]byte) []byte) ([]byte, string)
},
) []byte {
	b, next := r.page(append(b, '{'), flush)
	if next == "" {
		return append(b, '}')
	}
	if len(b) == 0 || b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(appendJSONString(append(b, `"next_page_token":`...), next), '}')
}

// AppendJSON appends the response's JSON to b.
func (r *MetricHistoryIntervalResponse) AppendJSON(b []byte) []byte { return r.WriteJSON(b, nil) }

// WriteJSON is like [SearchRunsResponse.WriteJSON].
func (r *MetricHistoryIntervalResponse) WriteJSON(b []byte, flush func([]byte) []byte) []byte {
	return append(appendItems(append(b, '{'), flush, `"metrics":`, r.Metrics, (*Metric).AppendJSON), '}')
}

// AppendJSON appends the response's JSON to b.
func (r *MetricSeriesResponse) AppendJSON(b []byte) []byte { return r.WriteJSON(b, nil) }

// WriteJSON is like [SearchRunsResponse.WriteJSON].
func (r *MetricSeriesResponse) WriteJSON(b []byte, flush func([]byte) []byte) []byte {
	b = append(b, `{"statuses":[`...)
	for i, status := range r.Statuses {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSONString(b, string(status))
	}
	b = append(b, ']')
	if len(r.Series) > 0 {
		b = appendItems(append(b, ','), flush, `"series":`, r.Series, (*MetricSeries).appendJSON)
	}
	return append(b, '}')
}

func (s *MetricSeries) appendJSON(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"run":`...), int64(s.Run), 10)
	b = strconv.AppendInt(append(b, `,"key":`...), int64(s.Key), 10)
	b = strconv.AppendBool(append(b, `,"whole":`...), s.Whole)
	b = appendJSONString(append(b, `,"end":`...), s.End)
	b = s.Steps.appendJSON(append(b, `,"steps":`...))
	b = s.Times.appendJSON(append(b, `,"times":`...))
	b = append(b, `,"values":[`...)
	for i, v := range s.Values {
		if i > 0 {
			b = append(b, ',')
		}
		b = AppendFloat(b, float64(v))
	}
	return append(b, "]}"...)
}

// AppendJSON appends the run's JSON to b.
func (r *Run) AppendJSON(b []byte) []byte {
	b = r.Info.appendJSON(append(b, `{"info":`...))
	b = append(b, `,"data":{`...)
	n := len(b)
	b = appendList(b, `"metrics":`, r.Data.Metrics, (*Metric).AppendJSON)
	b = appendList(
		comma(b, n, len(r.Data.Params)),
		`"params":`,
		r.Data.Params,
		func(p *Param, b []byte) []byte { return appendPair(b, p.Key, p.Value) },
	)
	b = appendList(
		comma(b, n, len(r.Data.Tags)),
		`"tags":`,
		r.Data.Tags,
		func(t *Tag, b []byte) []byte { return appendPair(b, t.Key, t.Value) },
	)
	b = append(b, '}')
	if r.Inputs != nil {
		b = r.Inputs.appendJSON(append(b, `,"inputs":`...))
	}
	if r.Outputs != nil {
		b = appendList(
			append(b, `,"outputs":{`...),
			`"model_outputs":`,
			r.Outputs.ModelOutputs,
			func(m *ModelOutput, b []byte) []byte {
				b = appendJSONString(append(b, `{"model_id":`...), m.ModelID)
				return append(strconv.AppendInt(append(b, `,"step":`...), m.Step, 10), '}')
			},
		)
		b = append(b, '}')
	}
	return append(b, '}')
}

// AppendJSON appends the request's JSON to b.
func (r *LogBatchRequest) AppendJSON(b []byte) []byte {
	b = appendJSONString(append(b, `{"run_id":`...), r.RunID)
	b = appendList(b, ",\"metrics\":", r.Metrics, (*Metric).AppendJSON)
	b = appendList(b, ",\"params\":", r.Params, func(p *Param, b []byte) []byte { return appendPair(b, p.Key, p.Value) })
	b = appendList(b, ",\"tags\":", r.Tags, func(t *Tag, b []byte) []byte { return appendPair(b, t.Key, t.Value) })
	return append(b, '}')
}

func (i *RunInfo) appendJSON(b []byte) []byte {
	b = appendJSONString(append(b, `{"run_id":`...), i.RunID)
	b = appendJSONString(append(b, `,"run_uuid":`...), i.RunUUID)
	b = appendJSONString(append(b, `,"run_name":`...), i.RunName)
	b = appendJSONString(append(b, `,"experiment_id":`...), i.ExperimentID)
	b = appendJSONString(append(b, `,"user_id":`...), i.UserID)
	b = appendJSONString(append(b, `,"status":`...), string(i.Status))
	b = strconv.AppendInt(append(b, `,"start_time":`...), i.StartTime, 10)
	if i.EndTime != 0 {
		b = strconv.AppendInt(append(b, `,"end_time":`...), i.EndTime, 10)
	}
	b = appendJSONString(append(b, `,"artifact_uri":`...), i.ArtifactURI)
	b = appendJSONString(append(b, `,"lifecycle_stage":`...), string(i.LifecycleStage))
	return append(b, '}')
}

func (in *RunInputs) appendJSON(b []byte) []byte {
	b = append(b, '{')
	n := len(b)
	b = appendList(b, `"dataset_inputs":`, in.DatasetInputs, (*DatasetInput).appendJSON)
	b = appendList(
		comma(b, n, len(in.ModelInputs)),
		`"model_inputs":`,
		in.ModelInputs,
		func(m *ModelInput, b []byte) []byte {
			return append(appendJSONString(append(b, `{"model_id":`...), m.ModelID), '}')
		},
	)
	return append(b, '}')
}

func (in *DatasetInput) appendJSON(b []byte) []byte {
	b = append(b, '{')
	b = appendList(b, `"tags":`, in.Tags, func(t *InputTag, b []byte) []byte { return appendPair(b, t.Key, t.Value) })
	if len(in.Tags) > 0 {
		b = append(b, ',')
	}
	d := in.Dataset
	if d == nil {
		return append(b, `"dataset":null}`...)
	}
	b = appendJSONString(append(b, `"dataset":{"name":`...), d.Name)
	b = appendJSONString(append(b, `,"digest":`...), d.Digest)
	b = appendJSONString(append(b, `,"source_type":`...), d.SourceType)
	b = appendJSONString(append(b, `,"source":`...), d.Source)
	if d.Schema != "" {
		b = appendJSONString(append(b, `,"schema":`...), d.Schema)
	}
	if d.Profile != "" {
		b = appendJSONString(append(b, `,"profile":`...), d.Profile)
	}
	return append(b, "}}"...)
}

// appendList appends a field with a list. It omits an empty list.
func appendList[T any](b []byte, name string, list []T, item func(*T, []byte) []byte) []byte {
	return appendItems(b, nil, name, list, item)
}

// pieceSize is the number of bytes to buffer before a flush.
const pieceSize = 64 << 10

// appendItems appends a field with a list and flushes parts of it unless flush is nil.
func appendItems[T any](
	b []byte,
	flush func([]byte) []byte,
	name string,
	list []T,
	item func(*T, []byte) []byte,
) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(append(b, name...), '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b = item(&list[i], b); flush != nil && len(b) >= pieceSize {
			b = flush(b)
		}
	}
	return append(b, ']')
}

// comma appends a comma if the object has fields since start and length is not 0.
func comma(b []byte, start, length int) []byte {
	if length > 0 && len(b) > start {
		b = append(b, ',')
	}
	return b
}

func appendPair(b []byte, key, value string) []byte {
	b = appendJSONString(append(b, `{"key":`...), key)
	return append(appendJSONString(append(b, `,"value":`...), value), '}')
}
