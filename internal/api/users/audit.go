package users

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/accounts"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/auth"
	"github.com/millrace-ml/millrace/internal/forwarded"
	"github.com/millrace-ml/millrace/internal/observe"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/mlflow"
)

const (
	defaultAuditPage = 100
	// auditTime bounds the time that a request waits for its entry in the audit log.
	auditTime = 5 * time.Second
)

// auditRequest asks for a page of the audit log, newest first. FromMS and ToMS are Unix
// milliseconds; ToMS is excluded.
type auditRequest struct {
	Username   string `json:"username"`
	Action     string `json:"action"`
	Result     string `json:"result"`
	FromMS     int64  `json:"from_ms"`
	ToMS       int64  `json:"to_ms"`
	MaxResults *int64 `json:"max_results"`
	PageToken  string `json:"page_token"`
}

type auditResponse struct {
	Entries       []accounts.AuditEntry `json:"entries"`
	NextPageToken string                `json:"next_page_token,omitempty"`
}

var auditLog = mlflow.Endpoint[auditRequest, auditResponse]{Method: http.MethodGet, Path: "millrace/audit"}

func (h *Handlers) auditRoutes(r *route.Router) {
	route.On(r, auditLog, permit.Admin, h.readAudit)
}

func (h *Handlers) readAudit(ctx context.Context, in *auditRequest) (*auditResponse, error) {
	limit := int64(defaultAuditPage)
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	list, next, err := h.Accounts.AuditLog(ctx, accounts.AuditFilter{
		Username: in.Username, Action: in.Action, Result: in.Result, FromMS: in.FromMS, ToMS: in.ToMS,
	}, int(max(min(limit, 1<<20), -1)), in.PageToken)
	if list == nil {
		list = []accounts.AuditEntry{}
	}
	return &auditResponse{list, next}, err
}

// Audit records a request in the audit log, see [route.Router.Audit]. The request has
// taken place, so that an error is only logged.
func (h *Handlers) Audit(r *http.Request, pattern string, in any, err error) {
	u, _ := auth.FromContext(r.Context())
	e := accounts.AuditEntry{
		TimestampMS: time.Now().UnixMilli(), Username: u.Name, TokenID: u.Token, Client: forwarded.Client(r),
		Action: actionOf(r.Method, pattern), Detail: detailOf(r, pattern, in), Result: "OK",
	}
	if err != nil {
		e.Result = string(observe.Presentable(r.Context(), err).Code)
	}
	// The client may have hung up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), auditTime)
	defer cancel()
	if err := h.Accounts.Audit(ctx, e); err != nil {
		h.Log.ErrorContext(ctx, "cannot write the audit log", "user", e.Username, "action", e.Action, "error", err)
	}
}

// actionOf returns the name of a route in the audit log, such as experiments/delete.
func actionOf(method, pattern string) string {
	for _, prefix := range []string{"/api/", "/ajax-api/", "2.0/", "2.1/", "3.0/", "mlflow/", "millrace/"} {
		pattern = strings.TrimPrefix(pattern, prefix)
	}
	if method == http.MethodDelete && !strings.HasSuffix(pattern, "/delete") || strings.Contains(pattern, "{") {
		return method + " " + pattern
	}
	return pattern
}

// secrets are the fields of requests that are not recorded.
var secrets = []string{"password", "current_password"}

// detailOf returns the request in JSON, without passwords.
func detailOf(r *http.Request, pattern string, in any) string {
	fields := map[string]any{}
	if in != nil {
		text, err := json.Marshal(in)
		if err == nil {
			err = json.Unmarshal(text, &fields)
		}
		if err != nil {
			fields = map[string]any{}
		}
	}
	for _, name := range secrets {
		delete(fields, name)
	}
	if in == nil || strings.Contains(pattern, "{") {
		fields["path"] = r.URL.Path
	}
	for name, value := range fields {
		if value == nil || value == "" {
			delete(fields, name)
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return "{}"
	}
	return string(text)
}
