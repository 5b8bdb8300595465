package route

import (
	"mime"
	"net/http"

	"github.com/millrace-ml/millrace/internal/api/protojson"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/genai"
)

// MaxBody is the largest body of most requests, in bytes.
const (
	MaxBody       = 8 << 20
	maxInputsBody = 24 << 20 // A dataset's profile may have 16 million characters.
	// Clients send all records of a dataset in one request.
	maxRecordsBody = 64 << 20
)

// decode reads a request into the message of its route.
func decode[Req any](w http.ResponseWriter, req *http.Request, method string, in *Req) error {
	limit := int64(MaxBody)
	switch any(in).(type) {
	case *mlflow.LogInputsRequest:
		limit = maxInputsBody
	case *genai.UpsertRecordsRequest:
		limit = maxRecordsBody
	}
	body, err := httplimit.ReadBody(w, req, limit)
	if err != nil {
		return err
	}
	if method == http.MethodGet {
		err = decodeGet(req, body, in)
	} else {
		err = decodeBody(req, method, body, in)
	}
	if err != nil {
		return err
	}
	return protojson.UnmarshalPath(req, in)
}

// decodeGet reads the parameters of a GET from its query or, without a query, from
// a JSON body of any media type, as MLflow does. MLflow ignores the body if there
// are both; that would lose parameters, so it is an error here.
func decodeGet(req *http.Request, body []byte, in any) error {
	q := req.URL.Query()
	switch {
	case len(q) == 0 && len(body) > 0:
		return protojson.Unmarshal(body, in)
	case !httplimit.IsEmpty(body):
		return apierror.Invalid("The request has both a query and a body. The parameters of a GET are read from " +
			"the query or, if there is none, from the body; send them in one of the two.")
	}
	return protojson.UnmarshalQuery(q, in)
}

// InQuery is a message whose parameters may be in the query of a DELETE without a body,
// as in MLflow's basic-auth app.
type InQuery interface{ InQuery() }

// decodeBody reads the parameters of any other method, which are all in its body.
func decodeBody(req *http.Request, method string, body []byte, in any) error {
	if _, ok := in.(InQuery); ok && method == http.MethodDelete && httplimit.IsEmpty(body) {
		return protojson.UnmarshalQuery(req.URL.Query(), in)
	}
	if req.URL.RawQuery != "" {
		if err := OnlyInBody(req, protojson.Spellings(in)...); err != nil {
			return err
		}
	}
	if len(body) > 0 || method != http.MethodDelete {
		if err := CheckContentType(req); err != nil {
			return err
		}
	}
	return protojson.Unmarshal(body, in)
}

// OnlyInBody refuses a query that has one of the names, because parameters that are
// read from the body would be ignored there. Unknown names are allowed, as in a body.
func OnlyInBody(req *http.Request, names ...string) error {
	q := req.URL.Query()
	for _, name := range names {
		if q.Has(name) {
			return apierror.Invalid("The parameter '%s' is in the query of the URL. "+
				"The parameters of a %s are read from its JSON body; send it there.", name, req.Method)
		}
	}
	return nil
}

// CheckContentType returns an error unless the request has a JSON body.
func CheckContentType(req *http.Request) error {
	header := req.Header.Get("Content-Type")
	if header == "" {
		return apierror.Invalid("Bad Request. Content-Type header is missing.")
	}
	if t, _, err := mime.ParseMediaType(header); err != nil || t != "application/json" {
		return apierror.Invalid("Bad Request. Content-Type must be one of ['application/json'].")
	}
	return nil
}
