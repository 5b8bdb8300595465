// Package rules has the rules of the API's routes whose requests name more than one
// resource or name it in a way of their own. Package permit has the others.
package rules

import (
	"net/http"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/mlflow"
)

// ReadByName is the rule of a look-up of an experiment by its name. As in MLflow, a
// missing experiment is told from one that the user may not read.
var ReadByName = permit.For("experiment:read", func(c *permit.Checker, in *mlflow.GetExperimentByNameRequest) error {
	return c.ExperimentNamed(in.ExperimentName, access.ToRead)
})

// SearchDatasets is the rule of a search in experiments that the request names.
var SearchDatasets = permit.For("experiments:read", func(c *permit.Checker, in *mlflow.SearchDatasetsRequest) error {
	return c.Experiments(in.ExperimentIDs, access.ToRead)
})

// LogMetric, LogBatch, LogInputs and LogOutputs are the rules of routes that write to a
// run and to the logged models that the request names.
var (
	LogMetric = permit.For("run:log", func(c *permit.Checker, in *mlflow.LogMetricRequest) error {
		if in.ModelID == "" {
			return c.Run(in.RunID, access.ToUpdate)
		}
		if err := c.Run(in.RunID, access.ToUpdate); err != nil {
			return err
		}
		return c.LoggedModel(in.ModelID, access.ToUpdate)
	})
	LogBatch = permit.For("run:log", func(c *permit.Checker, in *mlflow.LogBatchRequest) error {
		return writeRun(c, in.RunID, in.Metrics, func(m *mlflow.Metric) string { return m.ModelID })
	})
	LogInputs = permit.For("run:log", func(c *permit.Checker, in *mlflow.LogInputsRequest) error {
		return writeRun(c, in.RunID, in.Models, func(m *mlflow.ModelInput) string { return m.ModelID })
	})
	LogOutputs = permit.For("run:log", func(c *permit.Checker, in *mlflow.LogOutputsRequest) error {
		return writeRun(c, in.RunID, in.Models, func(m *mlflow.ModelOutput) string { return m.ModelID })
	})
)

// writeRun checks that the user may write to a run and to the logged models of items.
func writeRun[T any](c *permit.Checker, runID string, items []T, modelID func(*T) string) error {
	if err := c.Run(runID, access.ToUpdate); err != nil || c.Grants.Unlimited() {
		return err
	}
	checked := ""
	for i := range items {
		id := modelID(&items[i])
		if id == "" || id == checked { // A batch is about one model as a rule.
			continue
		}
		if err := c.LoggedModel(id, access.ToUpdate); err != nil {
			return err
		}
		checked = id
	}
	return nil
}

// ReadHistories, ReadIntervals, ReadSeries and ReadMedia are the rules of routes that read several runs.
var (
	ReadHistories = permit.For("runs:read", func(c *permit.Checker, in *mlflow.MetricHistoryBulkRequest) error {
		return c.Runs(in.RunIDs, access.ToRead)
	})
	ReadIntervals = permit.For("runs:read", func(c *permit.Checker, in *mlflow.MetricHistoryIntervalRequest) error {
		return c.Runs(in.RunIDs, access.ToRead)
	})
	ReadSeries = permit.For("runs:read", func(c *permit.Checker, in *mlflow.MetricSeriesRequest) error {
		return c.Runs(in.RunIDs, access.ToRead)
	})
	ReadMedia = permit.For("runs:read", func(c *permit.Checker, in *mlflow.MediaFilesRequest) error {
		return c.Runs(in.RunIDs, access.ToRead)
	})
)

// Presign returns the rule of a signed URL for a file of the run or logged model of the
// request. The handler refuses a request with both or without any.
func Presign(a access.Action) permit.Rule {
	return permit.For("artifact:"+a.String(), func(c *permit.Checker, in *mlflow.PresignRequest) error {
		if in.RunID != "" {
			if err := c.Run(in.RunID, a); err != nil {
				return err
			}
		}
		if in.ModelID != "" {
			return c.LoggedModel(in.ModelID, a)
		}
		return nil
	})
}

// ReadLineage is the rule of the lineage of the run, the logged model or the version in the
// request. The handler refuses a request with several, and the store leaves out what the
// user may not read.
var ReadLineage = permit.For("lineage:read", func(c *permit.Checker, in *mlflow.LineageRequest) error {
	if in.RunID != "" {
		if err := c.Run(in.RunID, access.ToRead); err != nil {
			return err
		}
	}
	if in.ModelID != "" {
		if err := c.LoggedModel(in.ModelID, access.ToRead); err != nil {
			return err
		}
	}
	if in.Name != "" {
		return c.Version(in.Name, access.ToRead)
	}
	return nil
})

// ReadSignature is the rule of the signature of the logged model or of the registered
// version in the request. The handler refuses a request with both or without any.
var ReadSignature = permit.For("signature:read", func(c *permit.Checker, in *mlflow.ModelSignatureRequest) error {
	return readFiles(c, "", in.ModelID, in.Name)
})

// readFiles checks that files of a run, a logged model or a registered version may be read.
func readFiles(c *permit.Checker, runID, modelID, name string) error {
	if runID != "" {
		if err := c.Run(runID, access.ToRead); err != nil {
			return err
		}
	}
	if modelID != "" {
		if err := c.LoggedModel(modelID, access.ToRead); err != nil {
			return err
		}
	}
	if name != "" {
		return c.Version(name, access.ToRead)
	}
	return nil
}

// ReadFileTable is the rule of the table in a file. The handler refuses a request for the
// file of several things or of none.
var ReadFileTable = permit.For("artifact:read", func(c *permit.Checker, in *mlflow.FileTableRequest) error {
	return readFiles(c, in.RunID, in.ModelID, in.Name)
})

// ReadFolder is the rule of a download of a folder that the query names.
var ReadFolder = permit.ForRequest("artifact:read", func(c *permit.Checker, req *http.Request) error {
	q := req.URL.Query()
	return readFiles(c, q.Get("run_id"), q.Get("model_id"), q.Get("name"))
})

// CreateModel is the rule of the creation of a registered model or, with its tag, of a
// prompt.
var CreateModel = permit.For("model:create", func(c *permit.Checker, in *mlflow.CreateRegisteredModelRequest) error {
	t := access.RegisteredModel
	if registry.HasPromptTag(in.Tags) {
		t = access.Prompt
	}
	return c.UndeniedID(t, in.Name)
})

// CreateVersion is the rule of the creation of a version of a model. The user must be
// able to read the run, the logged model or the version that it is made of.
var CreateVersion = permit.For("version:create", func(c *permit.Checker, in *mlflow.CreateModelVersionRequest) error {
	if c.Grants.Unlimited() {
		return nil
	}
	if err := c.CreateVersion(in.Name); err != nil {
		return err
	}
	if registry.HasPromptTag(in.Tags) {
		if err := c.Undenied(access.PromptVersion); err != nil {
			return err
		}
	}
	if strings.HasPrefix(in.Source, "models:") {
		if uri, err := mlflow.ParseModelURI(in.Source); err == nil && uri.Name != "" {
			return c.Version(uri.Name, access.ToRead)
		} else if err == nil {
			if err := c.LoggedModel(uri.ModelID, access.ToRead); err != nil {
				return err
			}
		}
	}
	return ReadSource(c, in.RunID, in.ModelID)
})

// ReadSource checks that the user may read the run and the logged model of a new version.
func ReadSource(c *permit.Checker, runID, modelID *string) error {
	if runID != nil {
		if err := c.Run(*runID, access.ToRead); err != nil {
			return err
		}
	}
	if modelID != nil {
		return c.LoggedModel(*modelID, access.ToRead)
	}
	return nil
}

// ReadChanges is the rule of the log of changes: of the model in the request, or of all
// models that the user may read.
var ReadChanges = permit.For("changes:read", func(c *permit.Checker, in *mlflow.RegistryChangesRequest) error {
	if in.Name == "" {
		return nil
	}
	return c.Version(in.Name, access.ToRead)
})

// TagRuns, RenameRuns, DeleteRuns and MoveRuns are the rules of requests that change a
// selection of runs. They check the experiments, since all runs must be in the one that
// the selection names.
var (
	TagRuns = permit.For("runs:update", func(c *permit.Checker, in *mlflow.TagRunsRequest) error {
		return selected(c, &in.Runs, access.ToUpdate)
	})
	RenameRuns = permit.For("runs:update", func(c *permit.Checker, in *mlflow.RenameRunsRequest) error {
		return selected(c, &in.Runs, access.ToUpdate)
	})
	DeleteRuns = permit.For("runs:delete", func(c *permit.Checker, in *mlflow.RunsRequest) error {
		return selected(c, &in.Runs, access.ToDelete)
	})
	// MoveRuns also checks the logged models of the runs, which move with them.
	MoveRuns = permit.For("runs:move", func(c *permit.Checker, in *mlflow.MoveRunsRequest) error {
		if err := selected(c, &in.Runs, access.ToUpdate); err != nil {
			return err
		}
		if err := c.PartOf(in.Runs.ExperimentID, access.LoggedModel, access.ToUpdate); err != nil {
			return err
		}
		if err := c.CreateIn(in.TargetID, access.LoggedModel); err != nil {
			return err
		}
		return c.CreateIn(in.TargetID, access.Run)
	})
)

func selected(c *permit.Checker, in *mlflow.RunSelection, a access.Action) error {
	if err := c.Experiment(in.ExperimentID, access.ToRead); err != nil {
		return err
	}
	return c.PartOf(in.ExperimentID, access.Run, a)
}
