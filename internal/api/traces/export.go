package traces

import (
	"errors"
	"mime"
	"net/http"

	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/api/traces/otlp"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/span"
	"github.com/millrace-ml/millrace/internal/span/conventions"
	"github.com/millrace-ml/millrace/internal/store/traces"
	"github.com/millrace-ml/millrace/mlflow"
)

// ExportPath is the path to which OpenTelemetry exports spans.
const ExportPath = "/v1/traces"

// Media types of exports.
const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"
)

// maxExport is the largest body of an export in bytes, before and after it is decoded.
const maxExport = 64 << 20

// export writes the spans of a request of OpenTelemetry, all or none of them.
func (h *Handlers) export(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	experiment, err := rules.ExportExperiment(req)
	if err != nil {
		return err
	}
	experimentID, err := validate.ExperimentID(experiment)
	if err != nil {
		return err
	}
	header := req.Header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(header)
	if err != nil || media != protobufType && media != jsonType {
		return apierror.Invalid("Invalid Content-Type: %s. Expected: %s or %s", apierror.Shorten(header), protobufType,
			jsonType)
	}
	runID := req.Header.Get("X-Mlflow-Run-Id")
	if runID != "" {
		if err := validate.RunID(runID); err != nil {
			return err
		}
	}
	resources, err := h.readExport(w, req, media == jsonType)
	if err != nil {
		return err
	}
	batch, err := traces.NewBatch(resources, validTag)
	if err != nil {
		return err
	}
	if err := h.Store.LogSpans(ctx, experimentID, batch, runID, h.mayWrite(ctx)); err != nil {
		return err
	}
	if media == jsonType {
		return route.WriteJSON(w, &mlflow.Empty{})
	}
	w.Header().Set("Content-Type", protobufType)
	w.WriteHeader(http.StatusOK) // The protobuf of an answer without fields has no bytes.
	return nil
}

// readExport reads the spans of a request.
func (h *Handlers) readExport(w http.ResponseWriter, req *http.Request, asJSON bool) ([]*span.Resource, error) {
	body, err := httplimit.ReadBody(w, req, maxExport)
	if err != nil {
		return nil, err
	}
	decode := otlp.Decode
	if asJSON {
		decode = otlp.DecodeJSON
	}
	resources, err := decode(body)
	switch {
	case errors.Is(err, otlp.ErrID):
		return nil, &mlflow.Error{
			Code: mlflow.InvalidParameterValue, Status: http.StatusUnprocessableEntity,
			Message: "Cannot convert OpenTelemetry span to MLflow span: " + err.Error(),
		}
	case err != nil:
		return nil, apierror.Invalid("%s", err)
	case len(resources) == 0:
		return nil, apierror.Invalid("Invalid OpenTelemetry format - no spans found")
	}
	for _, r := range resources {
		for _, s := range r.Spans {
			conventions.Translate(s)
		}
	}
	return resources, nil
}
