package rules

import (
	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow/genai"
)

// RegisterScorer is the rule of a new version of a scorer.
var RegisterScorer = permit.For("scorer:register", func(c *permit.Checker, in *genai.RegisterScorerRequest) error {
	return c.RegisterScorer(in.ExperimentID, in.Name)
})

// ReadScorer and ReadScorerVersions are the rules of requests for a scorer.
var (
	ReadScorer = permit.For("scorer:read", func(c *permit.Checker, in *genai.ScorerRequest) error {
		return c.Scorer(in.ExperimentID, in.Name, access.ToRead, false)
	})
	ReadScorerVersions = permit.For("scorer:read", func(c *permit.Checker, in *genai.ScorerVersionsRequest) error {
		return c.Scorer(in.ExperimentID, in.Name, access.ToRead, false)
	})
)

// DeleteScorer is the rule of the deletion of a scorer or of one of its versions.
var DeleteScorer = permit.For("scorer:delete", func(c *permit.Checker, in *genai.ScorerRequest) error {
	if in.Version == nil {
		if err := c.Scorer(in.ExperimentID, in.Name, access.ToDelete, false); err != nil {
			return err
		}
	}
	return c.Scorer(in.ExperimentID, in.Name, access.ToDelete, true)
})

// ListScorers is the rule of a list of scorers. One of all experiments, or of some, has what
// the user may read.
var ListScorers = permit.For("scorer:list", func(c *permit.Checker, in *genai.ListScorersRequest) error {
	if in.ExperimentID == "" {
		return nil
	}
	return c.Experiment(in.ExperimentID, access.ToRead)
})
