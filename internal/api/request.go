package api

import (
	"mime"
	"net/http"
	"reflect"

	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/mlflow"
)

// decode reads a request into the message of its route.
func decode[Req any](w http.ResponseWriter, req *http.Request, method string, in *Req) error {
	limit := int64(maxBody)
	if _, ok := any(in).(*mlflow.LogInputsRequest); ok {
		limit = maxInputsBody
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
	return decodePath(req, in)
}

// decodeGet reads the parameters of a GET from its query or, where there is no
// query, from a JSON body of any media type, as MLflow does. MLflow ignores the
// body where there are both, which loses what it says, so that is refused here.
func decodeGet(req *http.Request, body []byte, in any) error {
	q := req.URL.Query()
	switch {
	case len(q) == 0 && len(body) > 0:
		return decodeJSON(body, in)
	case !httplimit.IsEmpty(body):
		return mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"The request has both a query and a body. The parameters of a GET are read from the query or, if there is none, from the body; send them in one of the two.",
		)
	}
	return decodeQuery(q, in)
}

// decodeBody reads the parameters of any other method, which are all in its body.
func decodeBody(req *http.Request, method string, body []byte, in any) error {
	if req.URL.RawQuery != "" {
		if err := onlyInBody(req, planOf(reflect.TypeOf(in).Elem()).spellings()...); err != nil {
			return err
		}
	}
	if len(body) > 0 || method != http.MethodDelete {
		if err := checkContentType(req); err != nil {
			return err
		}
	}
	return decodeJSON(body, in)
}

// onlyInBody refuses a query that has one of the names: parameters that are read
// from the body would be lost in it. Other names mean nothing, as in a body.
func onlyInBody(req *http.Request, names ...string) error {
	q := req.URL.Query()
	for _, name := range names {
		if q.Has(name) {
			return mlflow.Errorf(
				mlflow.InvalidParameterValue,
				"The parameter '%s' is in the query of the URL. The parameters of a %s are read from its JSON body; send it there.",
				name,
				req.Method,
			)
		}
	}
	return nil
}

func checkContentType(req *http.Request) error {
	header := req.Header.Get("Content-Type")
	if header == "" {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Bad Request. Content-Type header is missing.")
	}
	if t, _, err := mime.ParseMediaType(header); err != nil || t != "application/json" {
		return mlflow.Errorf(mlflow.InvalidParameterValue, "Bad Request. Content-Type must be one of ['application/json'].")
	}
	return nil
}
