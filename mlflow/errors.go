package mlflow

import (
	"errors"
	"fmt"
	"net/http"
)

// ErrorCode is the error_code of MLflow's REST API. It is an error itself, so
// that errors.Is(err, mlflow.ResourceDoesNotExist) works wherever an error of
// this API travels: in the store, in handlers, in the client.
type ErrorCode string

// The error codes that Millrace answers with.
const (
	BadRequest             ErrorCode = "BAD_REQUEST"
	InvalidParameterValue  ErrorCode = "INVALID_PARAMETER_VALUE"
	ResourceAlreadyExists  ErrorCode = "RESOURCE_ALREADY_EXISTS"
	ResourceDoesNotExist   ErrorCode = "RESOURCE_DOES_NOT_EXIST"
	EndpointNotFound       ErrorCode = "ENDPOINT_NOT_FOUND"
	Unauthenticated        ErrorCode = "UNAUTHENTICATED"
	PermissionDenied       ErrorCode = "PERMISSION_DENIED"
	RequestLimitExceeded   ErrorCode = "REQUEST_LIMIT_EXCEEDED"
	Canceled               ErrorCode = "CANCELLED"
	InvalidState           ErrorCode = "INVALID_STATE"
	InternalError          ErrorCode = "INTERNAL_ERROR"
	NotImplemented         ErrorCode = "NOT_IMPLEMENTED"
	TemporarilyUnavailable ErrorCode = "TEMPORARILY_UNAVAILABLE"
	DeadlineExceeded       ErrorCode = "DEADLINE_EXCEEDED"
)

// Error returns the code's own spelling.
func (c ErrorCode) Error() string { return string(c) }

// statusOf is the one table from error code to HTTP status.
var statusOf = map[ErrorCode]int{
	BadRequest:             http.StatusBadRequest,
	InvalidParameterValue:  http.StatusBadRequest,
	ResourceAlreadyExists:  http.StatusBadRequest,
	ResourceDoesNotExist:   http.StatusNotFound,
	EndpointNotFound:       http.StatusNotFound,
	Unauthenticated:        http.StatusUnauthorized,
	PermissionDenied:       http.StatusForbidden,
	RequestLimitExceeded:   http.StatusTooManyRequests,
	Canceled:               499,
	InvalidState:           http.StatusInternalServerError,
	InternalError:          http.StatusInternalServerError,
	NotImplemented:         http.StatusNotImplemented,
	TemporarilyUnavailable: http.StatusServiceUnavailable,
	DeadlineExceeded:       http.StatusGatewayTimeout,
}

// HTTPStatus returns the status that goes with the code; 500 for an unknown one.
func (c ErrorCode) HTTPStatus() int {
	if s, ok := statusOf[c]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// Error is a failure that the API reports to its caller.
type Error struct {
	Code    ErrorCode
	Message string
	// Status overrides the code's HTTP status when it is not zero (413 and 405,
	// for which MLflow has no code of their own).
	Status int
	// Position is the zero-based character offset in a filter or order_by string
	// at which it stopped making sense; nil where no place can be named.
	Position *int
}

// Errorf makes an *Error with a formatted message.
func Errorf(code ErrorCode, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error returns "CODE: message".
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Is reports whether target is the error's code.
func (e *Error) Is(target error) bool {
	code, ok := target.(ErrorCode)
	return ok && code == e.Code
}

// HTTPStatus returns the HTTP status that the error is answered with.
func (e *Error) HTTPStatus() int {
	if e.Status != 0 {
		return e.Status
	}
	return e.Code.HTTPStatus()
}

// AsError finds the *Error in err's chain, or nil.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
