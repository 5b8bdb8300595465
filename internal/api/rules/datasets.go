package rules

import (
	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow/genai"
)

// CreateDataset is the rule of the creation of an evaluation dataset. A user who may not do
// everything must name an experiment, because the permissions on a dataset are those on its
// experiments.
var CreateDataset = permit.For("dataset:create", func(c *permit.Checker, in *genai.CreateDatasetRequest) error {
	return c.SomeExperiments(in.ExperimentIDs, access.ToUpdate)
})

// SearchEvaluationDatasets is the rule of a search of evaluation datasets. An experiment that
// the user may not read refuses the request. Without experiments, the search returns what the
// user may read.
var SearchEvaluationDatasets = permit.For("dataset:search",
	func(c *permit.Checker, in *genai.SearchDatasetsRequest) error {
		return c.Experiments(in.ExperimentIDs, access.ToRead)
	})

// AddToExperiments is the rule of the addition of an evaluation dataset to experiments.
var AddToExperiments = permit.For("dataset:add", func(c *permit.Checker, in *genai.DatasetExperimentsRequest) error {
	if err := c.Dataset(in.DatasetID, access.ToUpdate); err != nil {
		return err
	}
	return c.SomeExperiments(in.ExperimentIDs, access.ToUpdate)
})
