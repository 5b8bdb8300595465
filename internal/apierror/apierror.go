// Package apierror writes the errors of MLflow's REST API: a status and a JSON
// body with an error_code and a message. Every HTTP server of Millrace answers its
// errors with it.
package apierror

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/millrace-ml/millrace/mlflow"
)

// RequestIDHeader is the header that carries the ID of a request. Clients may
// choose the ID; every response has one.
const RequestIDHeader = "X-Request-Id"

// maxMessage is the number of bytes of a message that a response contains. It
// bounds messages that quote input.
const maxMessage = 8 << 10

// sqlStates holds the two fields that MLflow adds for Databricks' drivers.
var sqlStates = map[mlflow.ErrorCode][2]string{
	mlflow.BadRequest:            {"KAM00", "INVALID_PARAMETER_VALUE"},
	mlflow.InvalidParameterValue: {"KAM00", "INVALID_PARAMETER_VALUE"},
	mlflow.ResourceAlreadyExists: {"KAM00", "RESOURCE_ALREADY_EXISTS"},
	mlflow.ResourceDoesNotExist:  {"KAM00", "RESOURCE_NOT_FOUND"},
	mlflow.InvalidState:          {"XXM00", "CLIENT_INTERNAL_ERROR"},
}

// Write sends e as the response. It removes the headers that describe a file,
// because a handler may have set them before it failed. The body includes the
// request ID if the response header has one.
func Write(w http.ResponseWriter, e *mlflow.Error) {
	h := w.Header()
	for _, name := range [...]string{
		"Content-Disposition", "Content-Length", "ETag", "Last-Modified", "Cache-Control",
	} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(e.HTTPStatus())
	_, _ = w.Write(body(e, h.Get(RequestIDHeader))) // A write error means that the client has disconnected.
}

func body(e *mlflow.Error, requestID string) []byte {
	message := Truncate(e.Message, maxMessage)
	fields := struct {
		Code       mlflow.ErrorCode `json:"error_code"`
		Message    string           `json:"message"`
		SQLState   string           `json:"sqlstate,omitempty"`
		ErrorClass string           `json:"error_class,omitempty"`
		Position   *int             `json:"position,omitempty"`
		RequestID  string           `json:"request_id,omitempty"`
	}{Code: e.Code, Message: strings.ToValidUTF8(message, "\uFFFD"), Position: e.Position, RequestID: requestID}
	if s, ok := sqlStates[e.Code]; ok {
		fields.SQLState, fields.ErrorClass = s[0], s[1]
	}
	b, _ := json.Marshal(fields) // Strings and integers always marshal.
	return b
}

// Internal returns the error that a client receives for a failure of the server.
// The cause is in the log only.
func Internal() *mlflow.Error {
	return &mlflow.Error{
		Code:    mlflow.InternalError,
		Message: "The server failed to handle the request. Its log says why.",
	}
}

// NotFound returns a 404 with the given message for a path that has no route.
func NotFound(message string) *mlflow.Error {
	return &mlflow.Error{Code: mlflow.EndpointNotFound, Message: message}
}

// Invalid returns a 400 INVALID_PARAMETER_VALUE with a formatted message.
func Invalid(format string, args ...any) error {
	return mlflow.Errorf(mlflow.InvalidParameterValue, format, args...)
}

// MissingParameter returns the error for a required parameter that is absent.
func MissingParameter(name string) error {
	return Invalid("Missing value for required parameter '%s'. "+
		"See the API docs for more information about request parameters.", name)
}

// Shorten truncates a text of the request that a message quotes.
func Shorten(s string) string {
	const limit = 300
	return Truncate(s, limit)
}

// Truncate returns the first limit bytes of a longer text with an ellipsis. It
// drops a character that the limit splits.
func Truncate(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "..."
}
