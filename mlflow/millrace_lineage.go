package mlflow

// Kinds of a [LineageNode].
const (
	LineageDataset     = "dataset"
	LineageRun         = "run"
	LineageLoggedModel = "logged_model"
	LineageVersion     = "version"
)

// LineageRequest names the resource whose lineage is requested: a run, a logged model, or a
// version of a registered model by Name and Version.
type LineageRequest struct {
	RunID   string `json:"run_id"`
	ModelID string `json:"model_id"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

// LineageNode is a dataset, a run, a logged model or a model version. ID is the digest of a
// dataset, the id of a run or logged model, or the number of a version.
//
// A node that is Unavailable has only a Kind: it was removed, or the user may not read it.
type LineageNode struct {
	Kind           string   `json:"kind"`
	ID             string   `json:"id,omitempty"`
	Name           string   `json:"name,omitempty"`
	ExperimentID   string   `json:"experiment_id,omitempty"`
	ExperimentName string   `json:"experiment_name,omitempty"`
	Status         string   `json:"status,omitempty"`
	Stage          string   `json:"stage,omitempty"`
	Aliases        []string `json:"aliases,omitempty"`
	Deleted        bool     `json:"deleted,omitempty"`
	Unavailable    bool     `json:"unavailable,omitempty"`
}

// LineageEdge leads from a node to one that was made of it or with it. Both are indexes of
// nodes. Label is the context of a dataset, such as "training", and Step the step at which
// a run logged a model.
type LineageEdge struct {
	From  int    `json:"from"`
	To    int    `json:"to"`
	Label string `json:"label,omitempty"`
	Step  int64  `json:"step,omitempty"`
}

// LineageResponse is the graph of everything that the first node was made of, and of
// everything that was made of it. Versions that the user may not read are left out, as in
// searches. Bounded says that the graph has more nodes than the response.
type LineageResponse struct {
	Nodes   []LineageNode `json:"nodes"`
	Edges   []LineageEdge `json:"edges,omitempty"`
	Bounded bool          `json:"bounded,omitempty"`
}
