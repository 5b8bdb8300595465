package mlflow

import (
	"errors"
	"fmt"
	"net/http"
)

// ErrorCode is the error_code of MLflow's REST API. It is an error, so that
// errors.Is(err, mlflow.ResourceDoesNotExist) works for every error of the API.
type ErrorCode string

// Error codes of Millrace's responses.
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

// Error returns the code.
func (c ErrorCode) Error() string { return string(c) }

// statusOf maps error codes to HTTP statuses.
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

// HTTPStatus returns the HTTP status of the code, or 500 for an unknown code.
func (c ErrorCode) HTTPStatus() int {
	if s, ok := statusOf[c]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// Error is an error of the API.
type Error struct {
	Code    ErrorCode
	Message string
	// Status overrides the HTTP status of the code if it is not 0. MLflow has no codes
	// for 405 and 413.
	Status int
	// Position is the zero-based offset, in characters, of the error in a filter or
	// order_by string, or nil.
	Position *int
}

// Errorf returns an *Error with a formatted message.
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

// HTTPStatus returns the HTTP status of the response.
func (e *Error) HTTPStatus() int {
	if e.Status != 0 {
		return e.Status
	}
	return e.Code.HTTPStatus()
}

// AsError returns the *Error in err's chain, or nil.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
