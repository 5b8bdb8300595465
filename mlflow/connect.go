package mlflow

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Connect returns a client for a tracking URI: http:// or https:// with an optional
// user:password@, databricks, or databricks://<profile>. The default for "" is
// MLFLOW_TRACKING_URI. It sends no request.
//
// Credentials for http and https come from the URI, MLFLOW_TRACKING_TOKEN,
// MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, the token that `millrace login`
// has stored for the server, or the section [mlflow] of ~/.mlflow/credentials, in this
// order. Credentials for Databricks come from
// DATABRICKS_HOST and DATABRICKS_TOKEN, or from a profile of ~/.databrickscfg. Options
// override them.
//
// MLFLOW_TRACKING_SERVER_CERT_PATH is a file with trusted certificates.
// MLFLOW_TRACKING_INSECURE_TLS=true disables the verification of certificates.
// MILLRACE_TRUSTED_HOSTS and MILLRACE_LOCAL_FILES correspond to [WithTrustedHosts] and
// [WithLocalFiles].
func Connect(uri string, opts ...Option) (*Client, error) {
	uri = cmp.Or(uri, os.Getenv("MLFLOW_TRACKING_URI"))
	trust, err := trustOptions()
	if err != nil {
		return nil, err
	}
	opts = append(trust, opts...)
	if uri == "" {
		return nil, Errorf(
			InvalidParameterValue,
			"no tracking server is named: set MLFLOW_TRACKING_URI to its address, such as http://127.0.0.1:5000",
		)
	}
	if profile, ok := strings.CutPrefix(uri, "databricks"); ok && (profile == "" || strings.HasPrefix(profile, "://")) {
		return connectDatabricks(strings.TrimPrefix(profile, "://"), opts)
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, Errorf(
			InvalidParameterValue,
			"the tracking URI must be the address of a server, such as http://127.0.0.1:5000, or databricks, not %q; "+
				"package local serves a database file from within a program",
			uri,
		)
	}
	credentials, err := serverCredentials(u)
	if err != nil {
		return nil, err
	}
	u.User = nil
	all := []Option{credentials}
	if u.Scheme == "https" {
		trusting, err := trustingClient()
		if err != nil {
			return nil, err
		}
		all = append(all, WithHTTPClient(trusting))
	}
	return checked(NewClient(u.String(), append(all, opts...)...))
}

// Login returns a client like [Connect] and checks the credentials with a request.
// Without MLFLOW_TRACKING_URI it connects to Databricks, or to the server of
// DATABRICKS_HOST, like mlflow.login() of the Python client.
func Login(ctx context.Context, opts ...Option) (*Client, error) {
	c, err := Connect(cmp.Or(os.Getenv("MLFLOW_TRACKING_URI"), "databricks"), opts...)
	if err != nil {
		return nil, err
	}
	if _, err := c.SearchExperiments(ctx, &SearchExperimentsRequest{MaxResults: 1}); err != nil {
		if errors.Is(err, Unauthenticated) || errors.Is(err, PermissionDenied) {
			return nil, fmt.Errorf("%s does not take the credentials given: %w", c.base, err)
		}
		return nil, err
	}
	return c, nil
}

func serverCredentials(u *url.URL) (Option, error) {
	if u.User != nil {
		password, _ := u.User.Password()
		return WithBasicAuth(u.User.Username(), password), nil
	}
	if token := os.Getenv("MLFLOW_TRACKING_TOKEN"); token != "" {
		return WithToken(token), nil
	}
	if os.Getenv("MLFLOW_TRACKING_USERNAME") == "" {
		token, err := savedToken(u)
		if err != nil {
			return nil, err
		}
		if token != "" {
			return WithToken(token), nil
		}
	}
	saved, err := readINI(inHome(".mlflow", "credentials"))
	if err != nil {
		return nil, err
	}
	user := cmp.Or(os.Getenv("MLFLOW_TRACKING_USERNAME"), saved["mlflow"]["mlflow_tracking_username"])
	password := cmp.Or(os.Getenv("MLFLOW_TRACKING_PASSWORD"), saved["mlflow"]["mlflow_tracking_password"])
	if user == "" {
		return WithToken(""), nil
	}
	return WithBasicAuth(user, password), nil
}

func connectDatabricks(profile string, opts []Option) (*Client, error) {
	host, token := os.Getenv("DATABRICKS_HOST"), os.Getenv("DATABRICKS_TOKEN")
	if profile != "" || host == "" || token == "" {
		profile = cmp.Or(profile, os.Getenv("DATABRICKS_CONFIG_PROFILE"), "DEFAULT")
		name := cmp.Or(os.Getenv("DATABRICKS_CONFIG_FILE"), inHome(".databrickscfg"))
		saved, err := readINI(name)
		if err != nil {
			return nil, err
		}
		host, token = saved[profile]["host"], saved[profile]["token"]
		if host == "" || token == "" {
			return nil, Errorf(
				Unauthenticated,
				"no credentials: set MLFLOW_TRACKING_URI for a tracking server, or DATABRICKS_HOST and DATABRICKS_TOKEN, or "+
					"put host and token under [%s] in %s",
				profile,
				name,
			)
		}
	}
	if !strings.Contains(host, "://") {
		host = "https://" + host
	}
	return checked(NewClient(host, append([]Option{WithToken(token)}, opts...)...))
}

// checked returns the client, or the error of an option.
func checked(c *Client) (*Client, error) {
	if c.invalid != nil {
		return nil, c.invalid
	}
	return c, nil
}

// trustingClient returns an HTTP client with the TLS configuration of the environment.
func trustingClient() (*http.Client, error) {
	name, insecure := os.Getenv("MLFLOW_TRACKING_SERVER_CERT_PATH"), os.Getenv("MLFLOW_TRACKING_INSECURE_TLS") == "true"
	if name == "" && !insecure {
		return http.DefaultClient, nil
	}
	conf := &tls.Config{InsecureSkipVerify: insecure} //nolint:gosec // The user requested it.
	if name != "" {
		pem, err := os.ReadFile(name) //nolint:gosec // The user chose the file.
		if err != nil {
			return nil, fmt.Errorf("reading MLFLOW_TRACKING_SERVER_CERT_PATH: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, Errorf(InvalidParameterValue, "%s (MLFLOW_TRACKING_SERVER_CERT_PATH) holds no certificate", name)
		}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = conf
	return &http.Client{Transport: transport}, nil
}

func inHome(parts ...string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(append([]string{home}, parts...)...)
}

// readINI parses an INI file and returns its values by section and key. A missing file
// is empty.
func readINI(name string) (map[string]map[string]string, error) {
	text, err := os.ReadFile(name) //nolint:gosec // The user chose the file.
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading credentials: %w", err)
	}
	sections := map[string]map[string]string{}
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if inner, ok := strings.CutPrefix(line, "["); ok {
			section = strings.TrimSuffix(inner, "]")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		if sections[section] == nil {
			sections[section] = map[string]string{}
		}
		sections[section][strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return sections, nil
}
