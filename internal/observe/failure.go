package observe

import (
	"context"
	"errors"
	"net/http"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/mlflow"
)

// Fail answers a request with err. Errors that are not meant for clients are
// answered as an internal error and appear in the log line of the request.
func Fail(w http.ResponseWriter, r *http.Request, err error) {
	apierror.Write(w, Presentable(r.Context(), err))
}

// Presentable returns the error that the client of the request with the given
// context receives for err. It records the causes of server errors for the log.
func Presentable(ctx context.Context, err error) *mlflow.Error {
	e := mlflow.AsError(err)
	switch {
	case e != nil:
		if isFailure(e.HTTPStatus()) {
			recordCause(ctx, err)
		}
		return e
	case errors.Is(err, context.Canceled):
		return &mlflow.Error{Code: mlflow.Canceled, Message: "The client canceled the request."}
	case errors.Is(err, context.DeadlineExceeded):
		return &mlflow.Error{
			Code:    mlflow.DeadlineExceeded,
			Message: "The request took longer than the server allows; ask for less at once.",
		}
	}
	recordCause(ctx, err)
	return apierror.Internal()
}

// isFailure reports whether a status means that the server failed. 501 is the
// status of features that the server refuses on purpose.
func isFailure(status int) bool {
	return status >= http.StatusInternalServerError && status != http.StatusNotImplemented
}

// recordCause keeps the error that made the request fail for its log line.
func recordCause(ctx context.Context, cause error) {
	if r := requestOf(ctx); r != nil {
		r.cause = cause
	}
}
