package gcs

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// maxErrorText limits the text of an answer that is not the JSON or XML of an error.
const maxErrorText = 300

// reasonNoBucket is the code of the XML API for a missing bucket. The JSON API has the same reason for missing buckets
// and objects.
const reasonNoBucket = "NoSuchBucket"

// storeError is an error that the store reports.
type storeError struct {
	status  int
	reason  string
	message string
}

func (e *storeError) Error() string {
	text := fmt.Sprintf("%d %s", e.status, http.StatusText(e.status))
	if e.reason != "" {
		text = e.reason
	}
	if e.message != "" {
		text += ": " + e.message
	}
	return text
}

// tokenError is an error of the request for a token. If the service that issues tokens is not away, it has refused the
// credentials, or they are incomplete.
type tokenError struct {
	error
	away bool
}

func (e *tokenError) Unwrap() error { return e.error }

// readError reads an error in JSON, in XML or, for downloads, in plain text.
func readError(res *http.Response) *storeError {
	e := &storeError{status: res.StatusCode}
	text, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10)) // What has arrived is enough.
	var inJSON struct {
		Error struct {
			Message string                    `json:"message"`
			Errors  []struct{ Reason string } `json:"errors"`
		} `json:"error"`
	}
	var inXML struct{ Code, Message, Details string }
	switch {
	case json.Unmarshal(text, &inJSON) == nil:
		e.message = inJSON.Error.Message
		for _, detail := range inJSON.Error.Errors {
			e.reason = detail.Reason
		}
	case xml.Unmarshal(text, &inXML) == nil && inXML.Code != "":
		e.reason, e.message = inXML.Code, strings.TrimSpace(inXML.Message+" "+inXML.Details)
	default:
		e.message = string(text[:min(len(text), maxErrorText)])
	}
	e.message = strings.Join(strings.Fields(strings.ToValidUTF8(e.message, "")), " ")
	if e.status == http.StatusNotFound && strings.Contains(e.message, "bucket does not exist") {
		e.reason = reasonNoBucket
	}
	return e
}

// away reports whether the store cannot serve the request at the moment.
func (e *storeError) away() bool {
	return e.status == http.StatusRequestTimeout || e.status == http.StatusTooManyRequests ||
		e.status >= http.StatusInternalServerError || e.reason == "rateLimitExceeded" || e.reason == "userRateLimitExceeded"
}

// passes reports whether the request can succeed if it is sent again. A store that has not answered for a minute will
// not do so in the next one.
func passes(err error) bool {
	var reported *storeError
	var token *tokenError
	var known *mlflow.Error
	switch {
	case errors.As(err, &known):
		return false
	case errors.As(err, &reported):
		return reported.away()
	case errors.As(err, &token):
		return token.away
	}
	return !errors.Is(err, errStalled)
}

// failed returns the error of a request to the store as clients see it.
func (b *bucket) failed(err error) error {
	var reported *storeError
	var token *tokenError
	var known *mlflow.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &known):
		return err
	case errors.As(err, &token) && !token.away:
		return mlflow.Errorf(mlflow.PermissionDenied, "The credentials of the server give no token for %s: %s. See %s.",
			b.Name(), strings.Join(strings.Fields(err.Error()), " "), envCredentials)
	case errors.As(err, &reported) && !reported.away():
		return b.refused(reported)
	}
	return object.Unavailable(b.Name(), err)
}

// refused returns the error of a request that the store has refused:
// https://cloud.google.com/storage/docs/json_api/v1/status-codes.
func (b *bucket) refused(e *storeError) error {
	switch {
	case e.reason == reasonNoBucket:
		return mlflow.Errorf(mlflow.ResourceDoesNotExist, "There is no bucket %s.", b.Name())
	case e.status == http.StatusNotFound, e.status == http.StatusGone: // Uploads that have ended are gone.
		return fmt.Errorf("%s: %w", b.Name(), object.ErrNotFound)
	case e.status == http.StatusPreconditionFailed:
		return fmt.Errorf("%s: %w", b.Name(), object.ErrChanged)
	case e.reason == "retentionPolicyNotMet", e.reason == "objectUnderActiveHold":
		return mlflow.Errorf(mlflow.InvalidState, "%s protects the object (%s).", b.Name(), e)
	case b.store.tokens == nil && (e.status == http.StatusUnauthorized || e.status == http.StatusForbidden):
		return mlflow.Errorf(mlflow.PermissionDenied, "The server has no credentials for %s, and the bucket is not public "+
			"(%s): set %s, run 'gcloud auth application-default login', or give the machine a service account.",
			b.Name(), e, envCredentials)
	case e.status == http.StatusUnauthorized:
		return mlflow.Errorf(mlflow.PermissionDenied, "%s does not accept the credentials of the server (%s).", b.Name(), e)
	case e.status == http.StatusForbidden:
		return mlflow.Errorf(mlflow.PermissionDenied, "The credentials of the server have no access to %s (%s).", b.Name(), e)
	}
	return mlflow.Errorf(mlflow.InvalidState, "%s refused the request (%s).", b.Name(), e)
}
