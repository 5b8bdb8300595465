package genai

// Scorer is a version of a scorer of an experiment. SerializedScorer is JSON.
type Scorer struct {
	ExperimentID     int64  `json:"experiment_id"`
	ScorerName       string `json:"scorer_name"`
	ScorerVersion    int32  `json:"scorer_version"`
	SerializedScorer string `json:"serialized_scorer"`
	CreationTime     int64  `json:"creation_time"`
	ScorerID         string `json:"scorer_id"`
}

// RegisterScorerRequest adds a version of a scorer to an experiment. SerializedScorer is a JSON
// object without code.
type RegisterScorerRequest struct {
	ExperimentID     string `json:"experiment_id" required:"true"`
	Name             string `json:"name" required:"true"`
	SerializedScorer string `json:"serialized_scorer" required:"true"`
}

// RegisterScorerResponse has the new version. All versions of a scorer have the same id.
type RegisterScorerResponse struct {
	Version          int32  `json:"version"`
	ScorerID         string `json:"scorer_id"`
	ExperimentID     string `json:"experiment_id"`
	Name             string `json:"name"`
	SerializedScorer string `json:"serialized_scorer"`
	CreationTime     int64  `json:"creation_time"`
}

// ListScorersRequest requests the newest versions of the scorers of one experiment, of some,
// or of all.
type ListScorersRequest struct {
	ExperimentID  string   `json:"experiment_id,omitempty"`
	ExperimentIDs []string `json:"experiment_ids,omitempty"`
}

// ScorersResponse has scorers in the order of their experiments and names, or the versions of
// one.
type ScorersResponse struct {
	Scorers []Scorer `json:"scorers,omitempty"`
}

// ScorerRequest names a version of a scorer. Without a version, it means the newest one to get,
// and all to delete.
type ScorerRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	Name         string `json:"name" required:"true"`
	Version      *int32 `json:"version,omitempty"`
}

// ScorerResponse has a version of a scorer.
type ScorerResponse struct {
	Scorer *Scorer `json:"scorer"`
}

// ScorerVersionsRequest requests the versions of a scorer.
type ScorerVersionsRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	Name         string `json:"name" required:"true"`
}

// OnlineConfigsRequest names scorers by their ids.
type OnlineConfigsRequest struct {
	ScorerIDs []string `json:"scorer_ids" required:"true"`
}

// OnlineConfigsResponse has how scorers are applied to new traces.
type OnlineConfigsResponse struct {
	Configs []OnlineConfig `json:"configs"`
}

// OnlineConfig says how a scorer is applied to new traces: to which share of those that a
// filter finds.
type OnlineConfig struct {
	OnlineScoringConfigID string  `json:"online_scoring_config_id"`
	ScorerID              string  `json:"scorer_id"`
	SampleRate            float64 `json:"sample_rate"`
	ExperimentID          string  `json:"experiment_id"`
	FilterString          *string `json:"filter_string,omitempty"`
}
