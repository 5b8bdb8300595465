package traces

import (
	"io"
	"net/http"

	"github.com/millrace-ml/millrace/internal/api/traces/otlp"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/mlflow"
)

// archiveFile is the file of OpenTelemetry's protobuf to which MLflow moves old spans.
const archiveFile = "traces.pb"

// maxArchive is the largest archive of a trace that is read, in bytes.
const maxArchive = 64 << 20

// sendArchive sends the spans of a trace that MLflow has archived.
func (h *Handlers) sendArchive(w http.ResponseWriter, req *http.Request, location string) error {
	missing := mlflow.Errorf(mlflow.ResourceDoesNotExist, "Trace data not found for path=%s", archiveFile)
	if location == "" {
		return missing
	}
	repo, p, err := h.Files.Locate(location)
	if err != nil {
		return err
	}
	f, err := repo.Open(req.Context(), artifact.Join(p, archiveFile))
	if err != nil {
		return missing
	}
	defer func() { _ = f.Close() }() // Closing a file that was read cannot lose data.
	if f.Size > maxArchive {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "The archive of the trace has %d bytes; at most %d are read.",
			f.Size, maxArchive)
	}
	body, err := io.ReadAll(io.LimitReader(f, maxArchive))
	if err != nil {
		return err
	}
	resources, err := otlp.Decode(body)
	if err != nil {
		return mlflow.Errorf(mlflow.InvalidState, "The archive of the trace cannot be read: %v", err)
	}
	var contents []string
	for _, r := range resources {
		for _, s := range r.Spans {
			contents = append(contents, string(s.AppendContent(nil)))
		}
	}
	writeSpans(w, contents)
	return nil
}
