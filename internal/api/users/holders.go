package users

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

type accessRequest struct {
	ResourceType string `json:"resource_type" required:"true"`
	ResourceID   string `json:"resource_id" required:"true"`
}

// accessResponse tells who may do what with a resource: administrators everything, the
// holders of grants what these say, and all other users what the default permission says.
type accessResponse struct {
	DefaultPermission access.Permission `json:"default_permission"`
	Administrators    []string          `json:"administrators"`
	Holders           []accounts.Holder `json:"holders"`
}

var whoCanSee = mlflow.Endpoint[accessRequest, accessResponse]{Method: http.MethodGet, Path: "millrace/access"}

type managersRequest struct {
	ExperimentIDs []string `json:"experiment_ids" required:"true"`
}

// managersResponse has the experiments that somebody has a grant to manage.
type managersResponse struct {
	Experiments []managersOf `json:"experiments,omitempty"`
}

type managersOf struct {
	ExperimentID string   `json:"experiment_id"`
	Users        []string `json:"users,omitempty"`
	Roles        []string `json:"roles,omitempty"`
}

var managers = mlflow.Endpoint[managersRequest, managersResponse]{
	Method: http.MethodPost, Path: "millrace/experiments/managers",
}

// maxManaged is the most experiments whose managers one request asks for.
const maxManaged = 1000

func (h *Handlers) accessRoutes(r *route.Router) {
	route.OnAjax(r, managers, permit.For("experiments:read", func(c *permit.Checker, in *managersRequest) error {
		if len(in.ExperimentIDs) > maxManaged {
			return nil // The handler refuses the request.
		}
		return c.Experiments(in.ExperimentIDs, access.ToRead)
	}), h.managers)
	route.OnAjax(r, whoCanSee, manageResource(func(in *accessRequest) (access.Type, string) {
		return access.Type(in.ResourceType), in.ResourceID
	}), h.whoCanSee)
}

func (h *Handlers) whoCanSee(ctx context.Context, in *accessRequest) (*accessResponse, error) {
	t, name := access.Type(in.ResourceType), in.ResourceID
	if t == access.Experiment && in.ResourceID != access.Any {
		var err error
		if name, _, err = h.Owners.ExperimentName(ctx, in.ResourceID); err != nil {
			return nil, err
		}
	}
	holders, err := h.Accounts.Holders(ctx, t, in.ResourceID, name)
	if err != nil {
		return nil, err
	}
	out := &accessResponse{DefaultPermission: h.Default, Administrators: []string{}, Holders: holders}
	list, err := h.Accounts.Users(ctx)
	for _, u := range list {
		if u.IsAdmin {
			out.Administrators = append(out.Administrators, u.Username)
		}
	}
	return out, err
}

// managers tells the readers of experiments whom to ask for a permission.
func (h *Handlers) managers(ctx context.Context, in *managersRequest) (*managersResponse, error) {
	if n := len(in.ExperimentIDs); n > maxManaged {
		return nil, apierror.Invalid("One request can ask for at most %d experiments. Got %d.", maxManaged, n)
	}
	numbers, err := validate.ExperimentIDs(in.ExperimentIDs)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(numbers))
	for i, n := range numbers {
		ids[i] = strconv.FormatInt(n, 10) // The form in which grants have it.
	}
	found, err := h.Accounts.Managers(ctx, access.Experiment, ids)
	if err != nil {
		return nil, err
	}
	out := &managersResponse{}
	for _, id := range ids {
		holders, known := found[id]
		if !known {
			continue
		}
		delete(found, id) // An id of the request may be there twice.
		of := managersOf{ExperimentID: id}
		for _, m := range holders {
			if m.Role == "" {
				of.Users = append(of.Users, m.Username)
			} else {
				of.Roles = append(of.Roles, m.Role)
			}
		}
		slices.Sort(of.Users)
		out.Experiments = append(out.Experiments, of)
	}
	return out, nil
}
