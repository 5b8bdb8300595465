package azure

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// Variables of the environment that MLflow and Azure's SDKs define. Those of identities are in identity.go.
const (
	envConnection = "AZURE_STORAGE_CONNECTION_STRING"
	envKey        = "AZURE_STORAGE_ACCESS_KEY"
	envSAS        = "AZURE_STORAGE_SAS_TOKEN"
)

const (
	dialTimeout = 5 * time.Second
	// defaultUploadTime is MLflow's default of object.EnvTimeout.
	defaultUploadTime = 10 * time.Minute
)

// store has the settings of the environment, which apply to all accounts.
type store struct {
	client     *http.Client
	connection *connection // nil if there is no connection string
	key        []byte      // nil if there is no account key
	sas        sas         // "" if there is none
	uploadTime time.Duration
	// identity is the identity of the server, identityErr says why there is none.
	identity    *tokens
	identityErr error
}

// newStore reads the settings. It makes no requests.
func newStore(getenv func(string) string) (*store, error) {
	s := &store{uploadTime: defaultUploadTime}
	var err error
	if text := getenv(envConnection); text != "" {
		if s.connection, err = parseConnection(text); err != nil {
			return nil, fmt.Errorf("%s: %w", envConnection, err)
		}
	}
	if text := getenv(envKey); text != "" {
		if s.key, err = parseKey(text); err != nil {
			return nil, fmt.Errorf("%s: %w", envKey, err)
		}
	}
	if text := getenv(envSAS); text != "" {
		if s.sas, err = parseSAS(text); err != nil {
			return nil, fmt.Errorf("%s: %w", envSAS, err)
		}
	}
	if text := getenv(object.EnvTimeout); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds <= 0 {
			return nil, fmt.Errorf("%s=%s: want a positive number of seconds", object.EnvTimeout, text)
		}
		s.uploadTime = time.Duration(seconds) * time.Second
	}
	s.client = newHTTPClient(http.ProxyFromEnvironment, dialTimeout, min(object.DefaultStall, s.uploadTime))
	s.identity, s.identityErr = newIdentity(getenv, s.client)
	return s, nil
}

// newHTTPClient returns a client that follows no redirects, because they could lead credentials to another host, and
// that never decompresses objects.
func newHTTPClient(proxy func(*http.Request) (*url.URL, error), dial, stall time.Duration) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               proxy,
			DialContext:         object.Dial(dial, stall),
			TLSHandshakeTimeout: dialTimeout,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     90 * time.Second,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bucket returns the container of a location, with the credentials that MLflow would use.
func (s *store) bucket(l location) (*bucket, error) {
	b := &bucket{store: s, name: l.name(), container: l.container, account: l.account, endpoint: l.endpoint()}
	dataLake := strings.HasPrefix(l.scheme, "abfs")
	switch {
	case dataLake && s.sas != "":
		b.credential = s.sas
	case s.connection != nil && (!dataLake || s.connection.account == l.account):
		b.account, b.endpoint, b.credential = s.connection.account, s.connection.endpoint, s.connection.credential
	case l.account == "":
		return nil, mlflow.Errorf(mlflow.InvalidParameterValue, "'%s' names no storage account: set %s, or use the form %s",
			b.name, envConnection, wasbForm)
	case s.key != nil:
		b.credential = &sharedKey{l.account, s.key}
	case s.identityErr != nil:
		return nil, s.identityErr
	default:
		b.credential = s.identity
	}
	return b, nil
}

// connection is what a connection string says.
type connection struct {
	account    string
	endpoint   *url.URL
	credential credential
}

// The account of Azurite and its key, which everyone knows.
const (
	developmentAccount  = "devstoreaccount1"
	developmentKey      = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
	developmentEndpoint = "http://127.0.0.1:10000/" + developmentAccount
)

// connectionSettings has the settings of connection strings in lower case. Those of other services and of the secondary
// endpoint are ignored.
var connectionSettings = map[string]bool{
	"accountname": true, "accountkey": true, "sharedaccesssignature": true, "blobendpoint": true, "endpointsuffix": true,
	"defaultendpointsprotocol": true, "usedevelopmentstorage": true,
	"queueendpoint": false, "tableendpoint": false, "fileendpoint": false, "dfsendpoint": false, "webendpoint": false,
	"blobsecondaryendpoint": false, "queuesecondaryendpoint": false, "tablesecondaryendpoint": false,
	"filesecondaryendpoint": false,
}

// parseConnection reads a connection string. Errors contain no values, because they may be secrets:
// https://learn.microsoft.com/en-us/azure/storage/common/storage-configure-connection-string.
func parseConnection(text string) (*connection, error) {
	values := map[string]string{}
	for setting := range strings.SplitSeq(text, ";") {
		if setting = strings.TrimSpace(setting); setting == "" {
			continue
		}
		name, value, found := strings.Cut(setting, "=")
		if !found {
			return nil, fmt.Errorf("setting %d has no value", len(values)+1)
		}
		lower := strings.ToLower(strings.TrimSpace(name))
		if _, known := connectionSettings[lower]; !known {
			return nil, fmt.Errorf("unknown setting %q", name)
		}
		values[lower] = strings.TrimSpace(value)
	}
	if values["usedevelopmentstorage"] == "true" {
		values["accountname"], values["accountkey"] = developmentAccount, developmentKey
		values["blobendpoint"] = developmentEndpoint
	}
	c := &connection{account: values["accountname"]}
	var err error
	if c.endpoint, err = connectionEndpoint(values); err != nil {
		return nil, err
	}
	if c.account == "" { // A connection string with a SAS needs no name.
		c.account, _, _ = strings.Cut(c.endpoint.Hostname(), ".")
	}
	switch {
	case values["accountkey"] != "" && values["accountname"] == "":
		return nil, errors.New("AccountKey needs AccountName")
	case values["accountkey"] != "":
		key, err := parseKey(values["accountkey"])
		if err != nil {
			return nil, fmt.Errorf("AccountKey: %w", err)
		}
		c.credential = &sharedKey{c.account, key}
	case values["sharedaccesssignature"] != "":
		c.credential, err = parseSAS(values["sharedaccesssignature"])
	default:
		err = errors.New("it has neither AccountKey nor SharedAccessSignature")
	}
	return c, err
}

// connectionEndpoint returns the address of the Blob service.
func connectionEndpoint(values map[string]string) (*url.URL, error) {
	text := values["blobendpoint"]
	if text == "" {
		if values["accountname"] == "" {
			return nil, errors.New("it has neither AccountName nor BlobEndpoint")
		}
		protocol, suffix := values["defaultendpointsprotocol"], values["endpointsuffix"]
		if protocol == "" {
			protocol = "https"
		}
		if suffix == "" {
			suffix = "core.windows.net"
		}
		text = protocol + "://" + values["accountname"] + ".blob." + suffix
	}
	u, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the endpoint is not a URL such as https://account.blob.core.windows.net")
	}
	return u, nil
}

func parseKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) == 0 {
		return nil, errors.New("the account key is not in base64")
	}
	return key, nil
}

func parseSAS(text string) (sas, error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "?")
	if values, err := url.ParseQuery(text); err != nil || values.Get("sig") == "" {
		return "", errors.New("it is not a shared access signature such as sv=...&sig=")
	}
	return sas(text), nil
}
