package rules

import (
	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow/tracing"
)

// SearchTraces, SearchTracesV2, TraceMetrics and Correlation are the rules of requests for traces
// of experiments that they name. As in MLflow, one that the user may not read refuses the request.
var (
	SearchTraces = permit.For("experiments:traces", func(c *permit.Checker, in *tracing.SearchTracesRequest) error {
		return readTracesOf(c, in.ExperimentIDs())
	})
	SearchTracesV2 = permit.For("experiments:traces", func(c *permit.Checker, in *tracing.SearchTracesV2Request) error {
		return readTracesOf(c, in.ExperimentIDs)
	})
	TraceMetrics = permit.For("experiments:traces", func(c *permit.Checker, in *tracing.TraceMetricsRequest) error {
		return readTracesOf(c, in.ExperimentIDs)
	})
	Correlation = permit.For("experiments:traces", func(c *permit.Checker, in *tracing.CorrelationRequest) error {
		return readTracesOf(c, in.ExperimentIDs)
	})
)

// readTracesOf checks that the user may read all of some experiments and the traces in them.
func readTracesOf(c *permit.Checker, experiments []string) error {
	if c.Grants.Unlimited() {
		return nil
	}
	if err := c.Experiments(experiments, access.ToRead); err != nil {
		return err
	}
	for _, id := range experiments {
		if err := c.PartOf(id, access.Trace, access.ToRead); err != nil {
			return err
		}
	}
	return nil
}
