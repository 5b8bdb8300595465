package traces

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/internal/store/traces"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// A trace of which spans are missing is read again for a while, because clients send spans
// in the background.
const (
	completeWait  = 3 * time.Second
	completeEvery = 100 * time.Millisecond
)

func (h *Handlers) trace(ctx context.Context, in *tracing.GetTraceRequest) (*tracing.TraceResponse, error) {
	deadline := time.Now().Add(completeWait)
	for {
		stored, err := h.Store.Trace(ctx, in.TraceID)
		if err != nil {
			return nil, err
		}
		if stored.Info.Tags[tracing.TagSpansLocation] != tracing.SpansInDatabase {
			return nil, mlflow.Errorf(mlflow.ResourceDoesNotExist,
				"The spans of trace %s are not in the database. GET get-trace-artifact reads them.", in.TraceID)
		}
		if in.AllowPartial || complete(stored) {
			trace, err := message(stored)
			return &tracing.TraceResponse{Trace: trace}, err
		}
		if time.Now().After(deadline) {
			return nil, mlflow.Errorf(mlflow.ResourceDoesNotExist,
				"Trace with ID %s is not fully exported yet, please try again later.", in.TraceID)
		}
		select {
		case <-time.After(completeEvery):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// complete reports whether a trace has all of the spans that its client has counted.
func complete(stored *traces.Stored) bool {
	var sizes struct {
		Spans int `json:"num_spans"`
	}
	stats := stored.Info.TraceMetadata[tracing.MetadataSizeStats]
	return json.Unmarshal([]byte(stats), &sizes) != nil || len(stored.Contents) >= sizes.Spans
}

func (h *Handlers) rootNames(ctx context.Context, in *tracing.RootNamesRequest) (*tracing.RootNamesResponse, error) {
	if err := checkCount("trace_ids", len(in.TraceIDs), maxTraces); err != nil {
		return nil, err
	}
	names, err := h.Store.RootNames(ctx, in.TraceIDs)
	return &tracing.RootNamesResponse{Names: names}, err
}

// message returns the message of a trace with its spans.
func message(stored *traces.Stored) (*tracing.Trace, error) {
	trace := &tracing.Trace{TraceInfo: stored.Info, Spans: make([]tracing.Span, len(stored.Contents))}
	for i, content := range stored.Contents {
		var err error
		if trace.Spans[i], err = span.Message(content); err != nil {
			return nil, err
		}
	}
	return trace, nil
}

func (h *Handlers) batchTraces(
	ctx context.Context, in *tracing.BatchGetTracesRequest,
) (*tracing.BatchTracesResponse, error) {
	if err := checkCount("trace_ids", len(in.TraceIDs), maxTraces); err != nil {
		return nil, err
	}
	list, err := h.Store.TracesByID(ctx, in.TraceIDs)
	if err != nil {
		return nil, err
	}
	var experiments *[]string
	if len(in.ExperimentIDs) > 0 {
		experiments = &in.ExperimentIDs
	}
	wanted := inExperiments(experiments)
	out := &tracing.BatchTracesResponse{}
	for _, stored := range list {
		if stored.Info.Tags[tracing.TagSpansLocation] != tracing.SpansInDatabase || !complete(stored) ||
			!wanted(stored.Info) {
			continue
		}
		trace, err := message(stored)
		if err != nil {
			return nil, err
		}
		out.Traces = append(out.Traces, *trace)
	}
	return out, nil
}

// spansFile is the file with the spans of a trace that are not in the database.
const spansFile = "traces.json"

// traceFile sends the spans of a trace as a file, or one of its attachments.
func (h *Handlers) traceFile(w http.ResponseWriter, req *http.Request) error {
	q := req.URL.Query()
	id := q.Get("request_id")
	if id == "" {
		return mlflow.Errorf(mlflow.BadRequest, `Request must include the "request_id" query parameter.`)
	}
	spans, files, archive, err := h.Store.TraceFiles(req.Context(), id)
	if err != nil {
		return err
	}
	if q.Has("path") {
		return h.attachment(w, req, files, q.Get("path"))
	}
	switch spans {
	case tracing.SpansInDatabase:
		return h.sendSpans(w, req, id)
	case tracing.SpansArchived:
		return h.sendArchive(w, req, archive)
	}
	return h.sendBelow(w, req, files, spansFile, mlflow.Errorf(mlflow.ResourceDoesNotExist,
		"Trace data not found for path=%s", spansFile))
}

func (h *Handlers) attachment(w http.ResponseWriter, req *http.Request, files, name string) error {
	if _, err := artifact.CleanPath(name); err != nil {
		return apierror.Invalid("Invalid path")
	}
	if _, err := uuid.Parse(name); err != nil {
		return apierror.Invalid("Invalid attachment path: '%s'. Attachment path must be a valid UUID.",
			apierror.Shorten(name))
	}
	return h.sendBelow(w, req, files, "attachments/"+name, mlflow.Errorf(mlflow.ResourceDoesNotExist,
		"No such artifact: 'attachments/%s'", name))
}

// sendBelow sends a file of a trace. missing is the error if there is none.
func (h *Handlers) sendBelow(w http.ResponseWriter, req *http.Request, files, name string, missing error) error {
	if files == "" {
		return missing
	}
	repo, p, err := h.Files.Locate(files)
	if err != nil {
		return err
	}
	p = artifact.Join(p, name)
	if info, err := repo.Stat(req.Context(), p); err != nil || info.IsDir {
		return missing
	}
	return h.SendFile(w, req, repo, p)
}

// sendSpans sends the spans of a trace as the file that clients write without a database.
func (h *Handlers) sendSpans(w http.ResponseWriter, req *http.Request, id string) error {
	stored, err := h.Store.Trace(req.Context(), id)
	if err != nil {
		return err
	}
	writeSpans(w, stored.Contents)
	return nil
}

// writeSpans writes the contents of spans as a file.
func writeSpans(w http.ResponseWriter, contents []string) {
	w.Header().Set("Content-Type", artifact.ContentType(spansFile))
	w.Header().Set("Content-Disposition", artifact.Attachment(spansFile))
	out := bufio.NewWriter(w) // It keeps the first error, which means that the client is gone.
	_, _ = out.WriteString(`{"spans": [`)
	for i, content := range contents {
		if i > 0 {
			_, _ = out.WriteString(", ")
		}
		_, _ = out.WriteString(content)
	}
	_, _ = out.WriteString(`]}`)
	_ = out.Flush()
}
