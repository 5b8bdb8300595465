package mlflow

// These are the kinds of what can be in the trash.
const (
	TrashedRun         = "run"
	TrashedLoggedModel = "logged_model"
	TrashedExperiment  = "experiment"
)

// TrashItem is an experiment, a run or a logged model in the deleted lifecycle stage. The
// parts of a deleted experiment are not listed on their own.
type TrashItem struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// ExperimentID and ExperimentName are those of the experiment with the run or model.
	ExperimentID   string `json:"experiment_id,omitempty"`
	ExperimentName string `json:"experiment_name,omitempty"`
	// UserID is the user of a run.
	UserID string `json:"user_id,omitempty"`
	// DeletedTime is in milliseconds since the epoch, and 0 if it is unknown.
	DeletedTime int64 `json:"deleted_time,omitempty"`
	// Runs is the number of runs of an experiment.
	Runs int64 `json:"runs,omitempty"`
}

// SearchTrashRequest asks for one kind of items, those that were deleted last first.
type SearchTrashRequest struct {
	// Kind is TrashedRun, TrashedLoggedModel or TrashedExperiment.
	Kind string `json:"kind" required:"true"`
	// Text is a part of the name, or of the ID of a run or model; case does not matter.
	Text string `json:"text"`
	// MaxResults is at most 1,000, and 100 by default.
	MaxResults int64  `json:"max_results"`
	PageToken  string `json:"page_token"`
}

// SearchTrashResponse is a page of items.
type SearchTrashResponse struct {
	Items         []TrashItem `json:"items,omitempty"`
	NextPageToken string      `json:"next_page_token,omitempty"`
}

// TrashSelection names up to 200 items.
type TrashSelection struct {
	RunIDs        []string `json:"run_ids"`
	ModelIDs      []string `json:"model_ids"`
	ExperimentIDs []string `json:"experiment_ids"`
}

// TrashSize is what the files of an item amount to. Of an experiment, it is the folder of
// the experiment.
type TrashSize struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Files int64  `json:"files"`
	Bytes int64  `json:"bytes"`
	// Error says why the files could not be counted. Files and Bytes are 0 then.
	Error string `json:"error,omitempty"`
}

// TrashSizeResponse has the sizes in the order of the request: runs, models, experiments.
type TrashSizeResponse struct {
	Sizes []TrashSize `json:"sizes,omitempty"`
}

// RestoreModelRequest identifies a deleted logged model.
type RestoreModelRequest struct {
	ModelID string `json:"model_id" required:"true"`
}

// PurgeResponse counts what was removed.
type PurgeResponse struct {
	Runs         int64 `json:"runs"`
	LoggedModels int64 `json:"logged_models"`
	Experiments  int64 `json:"experiments"`
	// InUse counts what was removed without those files that a registered model refers to.
	InUse int64 `json:"in_use"`
	// Kept has what could not be removed, at most 100 of it.
	Kept []PurgeKept `json:"kept,omitempty"`
}

// PurgeKept is an item that remains in the trash, and the reason.
type PurgeKept struct {
	Kind   string `json:"kind"`
	ID     string `json:"id"`
	Reason string `json:"reason"`
}
