package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/protojson"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/rules"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/graphql"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	maxGraphQLBody = 1 << 20 // bytes
	maxLookups     = 1000    // experiments and lists of model versions that one document may look up
)

// graphqlRoutes serves MLflow's GraphQL fields by the handlers of the corresponding
// REST routes, with their permissions.
func (s *Server) graphqlRoutes(r *route.Router) {
	x, err := graphql.New(map[string]graphql.Resolver{
		"Query.mlflowGetExperiment": resolver(
			s,
			mlflow.Endpoints.GetExperiment,
			permit.Experiment(access.ToRead),
			s.getExperiment,
		),
		"Query.mlflowGetMetricHistoryBulkInterval": resolver(
			s,
			mlflow.Endpoints.MetricHistoryInterval,
			rules.ReadIntervals,
			s.metricHistoryInterval,
		),
		"Query.mlflowGetRun":        resolver(s, mlflow.Endpoints.GetRun, permit.Run(access.ToRead), s.getRun),
		"Query.mlflowListArtifacts": resolver(s, mlflow.Endpoints.ListArtifacts, permit.Run(access.ToRead), s.listArtifacts),
		"Query.mlflowSearchModelVersions": resolver(
			s,
			mlflow.Endpoints.SearchModelVersions,
			permit.Filtered,
			s.Registry().SearchVersions,
		),
		"Query.mlflowSearchRuns": resolver(s, mlflow.Endpoints.SearchRuns, permit.Filtered, s.searchRuns),
		"Query.test":             echo,
		"Mutation.mlflowSearchDatasets": resolver(
			s,
			mlflow.Endpoints.SearchDatasets,
			rules.SearchDatasets,
			s.searchDatasets,
		),
		"Mutation.mlflowSearchRuns":        resolver(s, mlflow.Endpoints.SearchRuns, permit.Filtered, s.searchRuns),
		"Mutation.testMutation":            echo,
		"MlflowRunExtension.experiment":    s.experimentOfRun,
		"MlflowRunExtension.modelVersions": s.versionsOfRun,
	})
	if err != nil {
		panic(err) // The schema is part of the program.
	}
	r.Root(http.MethodPost, "/graphql", permit.User, func(w http.ResponseWriter, req *http.Request) error {
		in, err := readGraphQL(w, req)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(req.Context(), route.Timeout)
		defer cancel()
		ctx = context.WithValue(ctx, lookupsKey{}, &lookups{req: req, experiments: map[string]*mlflow.Experiment{}})
		answer := x.Execute(ctx, in, func(err error) string { return observe.Presentable(ctx, err).Message })
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer) //nolint:gosec // It is JSON.
		return nil
	})
}

func readGraphQL(w http.ResponseWriter, req *http.Request) (in graphql.Request, err error) {
	if err := route.OnlyInBody(req, "query", "variables", "operationName"); err != nil {
		return in, err
	}
	body, err := httplimit.ReadBody(w, req, maxGraphQLBody)
	if err != nil {
		return in, err
	}
	if err := route.CheckContentType(req); err != nil {
		return in, err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	err = dec.Decode(&in)
	if err == nil {
		if _, end := dec.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("more data after the object")
		}
	}
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mistyped) && mistyped.Field == "":
		err = apierror.Invalid(
			"The request body must be one JSON object with query, variables and operationName; batches are not served.",
		)
	case errors.As(err, &mistyped):
		err = apierror.Invalid(
			"Invalid value for parameter '%s' supplied: it was of type '%s'.",
			apierror.Shorten(mistyped.Field),
			mistyped.Value,
		)
	case err != nil:
		err = apierror.Invalid("The request body is not valid JSON: %s", apierror.Shorten(err.Error()))
	case strings.TrimSpace(in.Query) == "":
		err = apierror.MissingParameter("query")
	}
	return in, err
}

// lookups counts and caches what one request looks up in addition to its runs.
type lookups struct {
	req         *http.Request
	experiments map[string]*mlflow.Experiment
	count       int
}

type lookupsKey struct{}

// countLookup counts a lookup. A page may have 50,000 runs, and MLflow's fields need
// one or two lookups for each.
func countLookup(ctx context.Context) (*lookups, error) {
	l := ctx.Value(lookupsKey{}).(*lookups)
	if l.count++; l.count > maxLookups {
		return nil, apierror.Invalid(
			"One document can look up at most %d experiments and lists of model versions; ask for fewer runs at once.",
			maxLookups,
		)
	}
	return l, nil
}

// resolver resolves a field by an endpoint's handler. The field's input is the
// endpoint's request in JSON.
func resolver[Req, Resp any](
	s *Server,
	_ mlflow.Endpoint[Req, Resp],
	rule permit.Rule,
	handle func(context.Context, *Req) (*Resp, error),
) graphql.Resolver {
	check := permit.Bind[Req](rule, s.Owners)
	return func(ctx context.Context, _ any, args map[string]any) (any, error) {
		input, err := json.Marshal(args["input"])
		if err != nil {
			return nil, err
		}
		in := new(Req)
		if err := protojson.Unmarshal(input, in); err != nil {
			return nil, err
		}
		if err := check(ctx, in); err != nil {
			return nil, err
		}
		out, err := handle(ctx, in)
		if err != nil {
			return nil, err
		}
		rules.Redact(ctx, out)
		if s.RewriteResponse != nil {
			s.RewriteResponse(ctx.Value(lookupsKey{}).(*lookups).req, out)
		}
		return out, nil
	}
}

func (s *Server) experimentOfRun(ctx context.Context, parent any, _ map[string]any) (any, error) {
	id := parent.(*mlflow.Run).Info.ExperimentID
	l := ctx.Value(lookupsKey{}).(*lookups)
	if e := l.experiments[id]; e != nil {
		return e, nil
	}
	if _, err := countLookup(ctx); err != nil {
		return nil, err
	}
	out, err := s.getExperiment(ctx, &mlflow.GetExperimentRequest{ExperimentID: id})
	if err != nil {
		return nil, err
	}
	if s.RewriteResponse != nil {
		s.RewriteResponse(l.req, out)
	}
	l.experiments[id] = out.Experiment
	return out.Experiment, nil
}

func (s *Server) versionsOfRun(ctx context.Context, parent any, _ map[string]any) (any, error) {
	l, err := countLookup(ctx)
	if err != nil {
		return nil, err
	}
	out, err := s.Registry().
		SearchVersions(ctx, &mlflow.SearchModelVersionsRequest{Filter: "run_id='" + parent.(*mlflow.Run).Info.RunID + "'"})
	if err != nil {
		return nil, err
	}
	rules.Redact(ctx, out)
	if s.RewriteResponse != nil {
		s.RewriteResponse(l.req, out)
	}
	return out.ModelVersions, nil
}

// echo resolves the two fields that test the route.
func echo(_ context.Context, _ any, args map[string]any) (any, error) {
	text, _ := args["inputString"].(string)
	return &struct {
		Output string `json:"output"`
	}{text}, nil
}
