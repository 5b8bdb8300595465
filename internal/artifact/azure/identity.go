package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// Variables of the environment that DefaultAzureCredential reads and that the hosts of managed identities set.
const (
	envTenant      = "AZURE_TENANT_ID"
	envClient      = "AZURE_CLIENT_ID"
	envSecret      = "AZURE_CLIENT_SECRET" //nolint:gosec // It is the name of a variable.
	envCertificate = "AZURE_CLIENT_CERTIFICATE_PATH"
	envAuthority   = "AZURE_AUTHORITY_HOST"
	envTokenFile   = "AZURE_FEDERATED_TOKEN_FILE"
	envPodHost     = "AZURE_POD_IDENTITY_AUTHORITY_HOST"
	envEndpoint    = "IDENTITY_ENDPOINT"
	envHeader      = "IDENTITY_HEADER"
	envArc         = "IMDS_ENDPOINT"
	envThumbprint  = "IDENTITY_SERVER_THUMBPRINT"
)

const (
	defaultAuthority = "https://login.microsoftonline.com"
	defaultMetadata  = "http://169.254.169.254"
	// storageResource is the resource of the tokens, in all clouds.
	storageResource = "https://storage.azure.com/"
	// metadataDialTime is the time to connect to the metadata service, which is on the same machine.
	metadataDialTime = 2 * time.Second
)

// identityError is the error of an identity that gets no token.
type identityError struct {
	source string
	err    error
	// absent means that there is no such identity. It is false if the identity is there, but its service refuses it.
	absent bool
}

func (e *identityError) Error() string { return e.source + ": " + e.err.Error() }
func (e *identityError) Unwrap() error { return e.err }

// failed returns the error as clients see it.
func (e *identityError) failed(name string) error {
	var response *responseError
	switch {
	case e.absent:
		return mlflow.Errorf(mlflow.PermissionDenied, "The server has no credentials for %s: set %s, %s, a client secret "+
			"(%s, %s and %s), or give the machine a managed identity (%s). The Azure CLI is not supported.",
			name, envConnection, envKey, envTenant, envClient, envSecret, e.err)
	case errors.As(e.err, &response) && !response.temporary():
		return mlflow.Errorf(mlflow.PermissionDenied,
			"There is no token for %s: %s refused the credentials of the server (%s).", name, e.source, e.err)
	case errors.Is(e.err, errConnection), response != nil, errors.Is(e.err, context.DeadlineExceeded):
		return mlflow.Errorf(mlflow.TemporarilyUnavailable, "There is no token for %s: %s does not answer: %s",
			name, e.source, e.err)
	}
	return mlflow.Errorf(mlflow.PermissionDenied, "There is no token for %s (%s).", name, e)
}

// newIdentity returns the identity that DefaultAzureCredential would find first: a client secret, a workload identity,
// or a managed identity.
func newIdentity(getenv func(string) string, client *http.Client) (*tokens, error) {
	authority := strings.TrimRight(getenv(envAuthority), "/")
	switch {
	case authority == "":
		authority = defaultAuthority
	case !strings.Contains(authority, "://"):
		authority = "https://" + authority
	}
	if u, err := url.Parse(authority); err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%s=%s: want an https URL", envAuthority, authority)
	}
	tenant, id, secret, file := getenv(envTenant), getenv(envClient), getenv(envSecret), getenv(envTokenFile)
	address := authority + "/" + url.PathEscape(tenant) + "/oauth2/v2.0/token"
	switch {
	case tenant != "" && id != "" && secret != "":
		form := url.Values{"client_secret": {secret}}
		return entraTokens(client, address, id, func() (url.Values, error) { return form, nil }), nil
	case tenant != "" && id != "" && getenv(envCertificate) != "":
		return nil, mlflow.Errorf(mlflow.NotImplemented, "Certificates (%s) are not supported. Set %s or %s.",
			envCertificate, envSecret, envTokenFile)
	case tenant != "" && id != "" && file != "":
		return entraTokens(client, address, id, func() (url.Values, error) { return federated(file) }), nil
	}
	return managedTokens(getenv, client)
}

// federated returns the form of a workload identity. The file is replaced from time to time.
func federated(file string) (url.Values, error) {
	assertion, err := os.ReadFile(file) //nolint:gosec // The administrator names the file.
	if err != nil {
		return nil, fmt.Errorf("%s: %w", envTokenFile, err)
	}
	return url.Values{
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {strings.TrimSpace(string(assertion))},
	}, nil
}

// entraTokens returns the tokens of a service principal:
// https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
func entraTokens(client *http.Client, address, id string, proof func() (url.Values, error)) *tokens {
	source := "Microsoft Entra"
	return newTokens(func(ctx context.Context) (token, error) {
		form := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {id}, "scope": {storageResource + ".default"},
		}
		own, err := proof()
		if err != nil {
			return token{}, &identityError{source: source, err: err}
		}
		for name, values := range own {
			form[name] = values
		}
		t, err := requestToken(ctx, client, func() (*http.Request, error) {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
			if err == nil {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			return r, err
		})
		if err != nil {
			return token{}, &identityError{source: source, err: err}
		}
		return t, nil
	})
}

// managedTokens returns the tokens of a managed identity, from App Service and its like, or from the metadata service
// of a virtual machine or of a cluster's node:
// https://learn.microsoft.com/en-us/entra/identity/managed-identities-azure-resources/how-to-use-vm-token.
func managedTokens(getenv func(string) string, client *http.Client) (*tokens, error) {
	endpoint, header := getenv(envEndpoint), getenv(envHeader)
	query := url.Values{"resource": {storageResource}}
	if id := getenv(envClient); id != "" {
		query.Set("client_id", id)
	}
	headerName, source := "X-IDENTITY-HEADER", "the endpoint of the managed identity"
	switch {
	case getenv(envThumbprint) != "" || endpoint != "" && getenv(envArc) != "":
		return nil, mlflow.Errorf(mlflow.NotImplemented, "The managed identities of Service Fabric and of Azure Arc are not "+
			"supported. Set a client secret: %s, %s and %s.", envTenant, envClient, envSecret)
	case endpoint != "" && header != "":
		query.Set("api-version", "2019-08-01")
	default:
		host := getenv(envPodHost)
		if host == "" {
			host = defaultMetadata
		}
		endpoint = strings.TrimRight(host, "/") + "/metadata/identity/oauth2/token"
		query.Set("api-version", "2018-02-01")
		headerName, header, source = "Metadata", "true", "the metadata service"
		// The address is that of the machine itself, never of a proxy.
		client = newHTTPClient(nil, metadataDialTime, object.DefaultStall)
	}
	return newTokens(func(ctx context.Context) (token, error) {
		t, err := requestToken(ctx, client, func() (*http.Request, error) {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"?"+query.Encode(), http.NoBody)
			if err == nil {
				r.Header.Set(headerName, header)
			}
			return r, err
		})
		if err != nil {
			var response *responseError
			absent := errors.Is(err, errConnection) || errors.As(err, &response) && response.status == http.StatusBadRequest
			return token{}, &identityError{source, err, absent && headerName == "Metadata"}
		}
		return t, nil
	}), nil
}

// requestToken requests a token, with retries.
func requestToken(
	ctx context.Context, client *http.Client, request func() (*http.Request, error),
) (t token, err error) {
	err = retry(ctx, func() error {
		var r *http.Request
		if r, err = request(); err != nil {
			return err
		}
		begin := time.Now()
		response, err := client.Do(r)
		if err != nil {
			return newConnectionError(ctx, err)
		}
		defer func() { _ = response.Body.Close() }() // It has been read, or its error is known.
		text, err := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
		if err != nil {
			return newConnectionError(ctx, err)
		}
		t, err = parseToken(response.StatusCode, text, begin)
		return err
	})
	return t, err
}

// parseToken reads the answer to a request for a token. The numbers of managed identities are strings.
func parseToken(status int, text []byte, begin time.Time) (token, error) {
	var body struct {
		Token       string      `json:"access_token"`
		ExpiresIn   json.Number `json:"expires_in"`
		ExpiresOn   json.Number `json:"expires_on"`
		Error       string      `json:"error"`
		Description string      `json:"error_description"`
	}
	err := json.Unmarshal(text, &body)
	if status != http.StatusOK {
		return token{}, &responseError{status: status, code: body.Error, message: firstLine(body.Description)}
	}
	if err != nil || body.Token == "" {
		return token{}, errors.New("the answer has no access_token") // Its text could be a secret.
	}
	t := token{value: body.Token}
	if seconds, err := body.ExpiresIn.Int64(); err == nil {
		t.expires = begin.Add(time.Duration(seconds) * time.Second)
	} else if seconds, err := body.ExpiresOn.Int64(); err == nil {
		t.expires = time.Unix(seconds, 0)
	} else {
		return token{}, errors.New("the answer does not say when the token expires")
	}
	return t, nil
}
