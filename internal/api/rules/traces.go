package rules

import (
	"net/http"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// experimentHeader is the header of an export of OpenTelemetry with the id of the experiment.
const experimentHeader = "X-Mlflow-Experiment-Id"

// ExportExperiment returns the id of the experiment that an export of OpenTelemetry names.
func ExportExperiment(req *http.Request) (string, error) {
	id := req.Header.Get(experimentHeader)
	if id == "" {
		return "", &mlflow.Error{
			Code: mlflow.InvalidParameterValue, Status: http.StatusUnprocessableEntity,
			Message: "The header x-mlflow-experiment-id with the id of an experiment is missing.",
		}
	}
	return id, nil
}

// ExportSpans is the rule of an export of spans. The handler checks the experiments of traces
// that exist, and the store that the experiment exists.
var ExportSpans = permit.ForRequest("trace:export", func(c *permit.Checker, req *http.Request) error {
	id, err := ExportExperiment(req)
	if err != nil {
		return err
	}
	if _, err := validate.ExperimentID(id); err != nil {
		return err
	}
	if run := req.Header.Get("X-Mlflow-Run-Id"); run != "" {
		if err := c.Run(run, access.ToUpdate); err != nil {
			return err
		}
	}
	return c.CreateIn(id, access.Trace)
})

// StartTrace is the rule of the creation of a trace. The handler checks the experiment of a
// trace that exists.
var StartTrace = permit.For("trace:create", func(c *permit.Checker, in *tracing.StartTraceRequest) error {
	return c.CreateIn(in.Trace.TraceInfo.ExperimentID(), access.Trace)
})

// ReadTraces, ReadTraceInfos and ReadRootNames are the rules of routes that read several traces.
var (
	ReadTraces     = readTraces(func(in *tracing.BatchGetTracesRequest) []string { return in.TraceIDs })
	ReadTraceInfos = readTraces(func(in *tracing.BatchTraceInfosRequest) []string { return in.TraceIDs })
	ReadRootNames  = readTraces(func(in *tracing.RootNamesRequest) []string { return in.TraceIDs })
)

// readTraces returns the rule of a request that names traces. Those that do not exist are left out of
// the response, so they are not checked.
func readTraces[Req any](ids func(*Req) []string) permit.Rule {
	return permit.For("traces:read", func(c *permit.Checker, in *Req) error {
		return c.ExistingTraces(ids(in), access.ToRead)
	})
}

// DeleteTraces is the rule of the deletion of traces of an experiment.
var DeleteTraces = permit.For("trace:delete", func(c *permit.Checker, in *tracing.DeleteTracesRequest) error {
	if c.Grants.Unlimited() {
		return nil
	}
	if err := c.Experiment(in.ExperimentID, access.ToDelete); err != nil {
		return err
	}
	return c.PartOf(in.ExperimentID, access.Trace, access.ToDelete)
})

// LinkTraces is the rule of links from traces to a run. Traces that do not exist yet can be
// linked, because they are sent in the background.
var LinkTraces = permit.For("trace:link", func(c *permit.Checker, in *tracing.LinkTracesRequest) error {
	if err := c.Run(in.RunID, access.ToUpdate); err != nil {
		return err
	}
	return c.ExistingTraces(in.TraceIDs, access.ToUpdate)
})

// ReadTraceFile is the rule of a download of the spans or of an attachment of a trace. The
// handler refuses a request without one.
var ReadTraceFile = permit.ForRequest("trace:read", func(c *permit.Checker, req *http.Request) error {
	id := req.URL.Query().Get("request_id")
	if id == "" {
		return nil
	}
	return c.Trace(id, access.ToRead)
})
