package users

import (
	"context"
	"net/http"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/api/route"
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

func (h *Handlers) accessRoutes(r *route.Router) {
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
