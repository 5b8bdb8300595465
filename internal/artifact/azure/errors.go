package azure

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// failed returns the error of a request to the store as clients see it.
func (b *bucket) failed(err error) error {
	var response *responseError
	var identity *identityError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &identity):
		return identity.failed(b.name)
	case errors.As(err, &response):
		return b.refused(response)
	case errors.Is(err, errConnection):
		return object.Unavailable(b.name, err)
	}
	return err
}

// refused returns the error of a request that the store has refused:
// https://learn.microsoft.com/en-us/rest/api/storageservices/blob-service-error-codes.
func (b *bucket) refused(e *responseError) error {
	switch e.code {
	case "ContainerNotFound":
		return mlflow.Errorf(mlflow.ResourceDoesNotExist, "There is no container %s.", b.name)
	case "ConditionNotMet":
		return fmt.Errorf("%s: %w", b.name, object.ErrChanged)
	case "AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation", "AccountIsDisabled",
		"KeyBasedAuthenticationNotPermitted":
		return mlflow.Errorf(mlflow.PermissionDenied, "%s does not accept the credentials of the server (%s).", b.name, e)
	case "AuthorizationFailure", "AuthorizationPermissionMismatch", "AuthorizationProtocolMismatch",
		"AuthorizationResourceTypeMismatch", "AuthorizationServiceMismatch", "AuthorizationSourceIPMismatch",
		"InsufficientAccountPermissions", "PublicAccessNotPermitted", "UnauthorizedBlobOverwrite":
		return mlflow.Errorf(mlflow.PermissionDenied, "The credentials of the server have no access to %s (%s). "+
			"Check the role Storage Blob Data Contributor, the permissions of the signature, and the network rules.", b.name, e)
	case "InvalidBlockList", "InvalidBlobOrBlock":
		return mlflow.Errorf(mlflow.InvalidState, "%s has not all parts of the file, because another upload of it ended "+
			"meanwhile or the parts expired (%s). Upload the file again.", b.name, e)
	case "InvalidUri", "InvalidResourceName", "OutOfRangeInput":
		return mlflow.Errorf(mlflow.InvalidParameterValue, "%s cannot have a file of this name (%s).", b.name, e)
	}
	switch {
	case e.status == http.StatusNotFound:
		return fmt.Errorf("%s: %w", b.name, object.ErrNotFound)
	case e.status == http.StatusUnauthorized:
		return mlflow.Errorf(mlflow.PermissionDenied, "%s does not accept the credentials of the server (%s).", b.name, e)
	case e.status == http.StatusForbidden:
		return mlflow.Errorf(mlflow.PermissionDenied, "The credentials of the server have no access to %s (%s).", b.name, e)
	case e.temporary():
		return object.Unavailable(b.name, e)
	}
	return mlflow.Errorf(mlflow.InvalidState, "%s refused the request (%s).", b.name, e)
}
