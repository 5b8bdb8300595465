package genai

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/genai"
)

func (h *Handlers) scorerRoutes(r *route.Router) {
	e := genai.Endpoints
	route.On(r, e.RegisterScorer, rules.RegisterScorer, h.registerScorer)
	route.On(r, e.ListScorers, rules.ListScorers, h.listScorers)
	route.On(r, e.GetScorer, rules.ReadScorer, h.scorer)
	route.On(r, e.ScorerVersions, rules.ReadScorerVersions, h.scorerVersions)
	route.On(r, e.DeleteScorer, rules.DeleteScorer.Audited(), h.deleteScorer)
	route.On(r, e.OnlineConfigs, permit.Filtered, h.onlineConfigs)
}

// Limits of scorers.
const (
	maxScorerName  = 256
	maxScorer      = 65_535 // the bytes of a TEXT of MySQL
	maxScorerDepth = 100
)

func (h *Handlers) registerScorer(
	ctx context.Context, in *genai.RegisterScorerRequest,
) (*genai.RegisterScorerResponse, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(in.Name) == "" {
		return nil, apierror.Invalid("Scorer name cannot be empty or contain only whitespace.")
	}
	if err := validate.First(
		validate.Length("name", in.Name, maxScorerName), checkScorer(in.SerializedScorer),
	); err != nil {
		return nil, err
	}
	s, created, err := h.Store.RegisterScorer(ctx, id, in.Name, in.SerializedScorer)
	if err == nil && created {
		err = h.Keeper.Created(ctx, access.Scorer, permit.ScorerID(in.ExperimentID, in.Name))
	}
	if err != nil {
		return nil, err
	}
	return &genai.RegisterScorerResponse{
		Version: s.ScorerVersion, ScorerID: s.ScorerID, ExperimentID: strconv.FormatInt(id, 10), Name: s.ScorerName,
		SerializedScorer: s.SerializedScorer, CreationTime: s.CreationTime,
	}, nil
}

// checkScorer checks the JSON of a scorer, which cannot have code. MLflow would run the code
// when it loads the scorer.
func checkScorer(serialized string) error {
	v, err := python.Loads(serialized, maxScorerDepth)
	if err != nil {
		return apierror.Invalid("serialized_scorer must be valid JSON")
	}
	d, isDict := v.(*python.Dict)
	switch {
	case !isDict:
		return apierror.Invalid("serialized_scorer must be a JSON object")
	case len(serialized) > maxScorer:
		return apierror.Invalid("serialized_scorer has %d bytes; at most %d are allowed.", len(serialized), maxScorer)
	case hasCode(v):
		return apierror.Invalid("Custom scorer registration (using @scorer decorator) is not supported, because whoever " +
			"loads the scorer would run its code. Import the scorer from your own code, or register built-in scorers or " +
			"those of make_judge().")
	}
	return checkModel(d)
}

// hasCode reports whether a scorer, or one in it, has the source of a function.
func hasCode(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, hasCode)
	case *python.Dict:
		if code, _ := v.Get("call_source"); code != nil {
			return true
		}
		for _, key := range v.Keys() {
			if part, _ := v.Get(key); hasCode(part) {
				return true
			}
		}
	}
	return false
}

// checkModel checks the name of the model of a scorer. That of the gateway cannot be found.
func checkModel(scorer *python.Dict) error {
	for _, part := range []string{
		"instructions_judge_pydantic_data", "builtin_scorer_pydantic_data", "third_party_scorer_data",
	} {
		v, _ := scorer.Get(part)
		data, isDict := v.(*python.Dict)
		if !isDict {
			continue
		}
		model, _ := data.Get("model")
		name, isText := model.(string)
		switch {
		case model == nil:
		case !isText:
			return apierror.Invalid("Scorer model must be a string.")
		case strings.TrimSpace(name) == "":
			return apierror.Invalid("Scorer model cannot be empty or contain only whitespace.")
		case strings.HasPrefix(name, "gateway:/"):
			return mlflow.Errorf(mlflow.NotImplemented, "The scorer uses a model of the AI gateway, which is not part of "+
				"Millrace. `mlflow server` has one.")
		}
		return nil
	}
	v, _ := scorer.Get("memory_augmented_judge_data")
	if data, isDict := v.(*python.Dict); isDict {
		judge, _ := data.Get("base_judge")
		if inner, isDict := judge.(*python.Dict); isDict {
			return checkModel(inner)
		}
	}
	return nil
}

func (h *Handlers) listScorers(ctx context.Context, in *genai.ListScorersRequest) (*genai.ScorersResponse, error) {
	var list []genai.Scorer
	var err error
	switch {
	case in.ExperimentID != "" && in.ExperimentIDs != nil:
		return nil, apierror.Invalid("Cannot specify both 'experiment_id' and 'experiment_ids'.")
	case in.ExperimentID != "":
		id, idErr := validate.ExperimentID(in.ExperimentID)
		if idErr != nil {
			return nil, idErr
		}
		list, err = h.Store.Scorers(ctx, id)
	case in.ExperimentIDs != nil:
		ids, idErr := validate.ExperimentIDs(in.ExperimentIDs)
		if idErr != nil {
			return nil, idErr
		}
		list, err = h.Store.ScorersOf(ctx, ids)
	default:
		list, err = h.Store.ScorersOf(ctx, nil)
	}
	if err != nil {
		return nil, err
	}
	list, err = h.readableScorers(ctx, list)
	return &genai.ScorersResponse{Scorers: list}, err
}

// readableScorers returns the scorers of a list that the user may read.
func (h *Handlers) readableScorers(ctx context.Context, list []genai.Scorer) (readable []genai.Scorer, err error) {
	c := permit.New(ctx, h.Owners)
	if c.Grants.Unlimited() {
		return list, nil
	}
	for i := range list {
		err := c.Scorer(strconv.FormatInt(list[i].ExperimentID, 10), list[i].ScorerName, access.ToRead, false)
		switch {
		case err == nil:
			readable = append(readable, list[i])
		case !errors.Is(err, permit.ErrDenied):
			return nil, err
		}
	}
	return readable, nil
}

func (h *Handlers) scorer(ctx context.Context, in *genai.ScorerRequest) (*genai.ScorerResponse, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	s, err := h.Store.Scorer(ctx, id, in.Name, in.Version)
	return &genai.ScorerResponse{Scorer: s}, err
}

func (h *Handlers) scorerVersions(
	ctx context.Context, in *genai.ScorerVersionsRequest,
) (*genai.ScorersResponse, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	list, err := h.Store.ScorerVersions(ctx, id, in.Name)
	return &genai.ScorersResponse{Scorers: list}, err
}

func (h *Handlers) deleteScorer(ctx context.Context, in *genai.ScorerRequest) (*mlflow.Empty, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	err = h.Store.DeleteScorer(ctx, id, in.Name, in.Version)
	if err == nil && in.Version == nil {
		err = h.Keeper.Deleted(ctx, access.Scorer, permit.ScorerID(in.ExperimentID, in.Name))
	}
	return &mlflow.Empty{}, err
}

func (h *Handlers) onlineConfigs(
	ctx context.Context, in *genai.OnlineConfigsRequest,
) (*genai.OnlineConfigsResponse, error) {
	if n := len(in.ScorerIDs); n > maxIDs {
		return nil, apierror.Invalid("A request can name at most %d scorers. Got %d.", maxIDs, n)
	}
	list, err := h.Store.OnlineConfigs(ctx, in.ScorerIDs)
	if list == nil {
		list = []genai.OnlineConfig{}
	}
	return &genai.OnlineConfigsResponse{Configs: list}, err
}
