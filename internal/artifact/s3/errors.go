package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// failed returns the error of a request to the store as clients see it. Timeouts of connections also match
// context.DeadlineExceeded, so that the context tells which of them ended the request.
func (b *bucket) failed(ctx context.Context, err error) error {
	var api smithy.APIError
	var response *awshttp.ResponseError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return err
	case errors.Is(err, errNoCredentials):
		return mlflow.Errorf(mlflow.PermissionDenied, "The server has no credentials for %s: set AWS_ACCESS_KEY_ID and "+
			"AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a role of the machine or container.", b.Name())
	}
	status := 0
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	switch {
	case status == 0 || status >= http.StatusInternalServerError:
		return object.Unavailable(b.Name(), err)
	case errors.As(err, &api) && api.ErrorCode() != "" && api.ErrorCode() != "UnknownError":
		return b.refused(api.ErrorCode(), api.ErrorMessage())
	}
	return b.refused(http.StatusText(status), "") // An answer to HEAD has no code.
}

// refused returns the error of a request that the store has refused:
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
func (b *bucket) refused(code, message string) error {
	if message != "" {
		message = ": " + message
	}
	switch code {
	case "NoSuchKey", "NotFound", "Not Found":
		return fmt.Errorf("%s: %w", b.Name(), object.ErrNotFound)
	case "PreconditionFailed", "Precondition Failed":
		return fmt.Errorf("%s: %w", b.Name(), object.ErrChanged)
	case "NoSuchUpload":
		return mlflow.Errorf(mlflow.ResourceDoesNotExist, "%s has no upload with this id.", b.Name())
	case "InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML":
		return mlflow.Errorf(mlflow.InvalidParameterValue, "The parts of the upload are not complete (%s%s).", code, message)
	case "NoSuchBucket":
		return mlflow.Errorf(mlflow.ResourceDoesNotExist, "There is no bucket %s.", b.Name())
	case "AccessDenied", "Forbidden", "AllAccessDisabled":
		return mlflow.Errorf(mlflow.PermissionDenied, "The credentials of the server have no access to %s (%s%s).",
			b.Name(), code, message)
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
		return mlflow.Errorf(mlflow.PermissionDenied, "%s does not accept the credentials of the server (%s%s).",
			b.Name(), code, message)
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "Moved Permanently":
		return mlflow.Errorf(mlflow.InvalidState, "%s is in another region than the server's (%s%s). Set AWS_REGION.",
			b.Name(), code, message)
	case "SlowDown", "RequestTimeout", "ServiceUnavailable", "InternalError", "ThrottlingException", "Too Many Requests":
		return object.Unavailable(b.Name(), errors.New(code+message))
	}
	return mlflow.Errorf(mlflow.InvalidState, "%s refused the request (%s%s).", b.Name(), code, message)
}
