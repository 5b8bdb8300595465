package config_test

import (
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/millrace-ml/millrace/internal/config"
)

func load(t *testing.T, args string, env map[string]string) (*config.Config, error) {
	t.Helper()
	fs := pflag.NewFlagSet("server", pflag.ContinueOnError)
	config.Flags(fs)
	if err := fs.Parse(strings.Fields(args)); err != nil {
		t.Fatal(err)
	}
	return config.Load(fs, func(name string) string { return env[name] })
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := load(t, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.BackendStoreURI != "sqlite:///mlflow.db" || c.ArtifactsDestination != "./mlartifacts" || c.DefaultArtifactRoot != "mlflow-artifacts:/" ||
		c.Host != "127.0.0.1" || c.Port != 5000 || !c.ServeArtifacts || c.XFrameOptions != "SAMEORIGIN" || c.SQLiteSynchronous != "full" {
		t.Errorf("%+v", c)
	}
}

func TestFlagBeatsEnvironment(t *testing.T) {
	t.Parallel()
	env := map[string]string{"MLFLOW_PORT": "1", "MLFLOW_HOST": "0.0.0.0", "MLFLOW_SERVER_ALLOWED_HOSTS": "a.example, b.example", "MLFLOW_SERVE_ARTIFACTS": "true"}
	c, err := load(t, "-p 2 --no-serve-artifacts --default-artifact-root s3://b/p", env)
	if err != nil {
		t.Fatal(err)
	}
	if c.Port != 2 || c.Host != "0.0.0.0" || !slices.Equal(c.AllowedHosts, []string{"a.example", "b.example"}) || c.ServeArtifacts || c.DefaultArtifactRoot != "s3://b/p" {
		t.Errorf("%+v", c)
	}
}

func TestOperation(t *testing.T) {
	t.Parallel()
	c, err := load(t, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Log.Level != slog.LevelInfo || c.Log.JSON || c.Log.SlowRequest != 2*time.Second || c.Log.SlowStatement != time.Second || c.Metrics != config.MetricsForUsers ||
		c.ProfileAddress != "" || c.ShutdownDelay != 0 || !c.TruncateLongValues {
		t.Errorf("%+v", c)
	}
	env := map[string]string{
		"MILLRACE_LOG_LEVEL": "debug", "MILLRACE_LOG_FORMAT": "json", "MILLRACE_LOG_SLOW_REQUESTS": "0", "MILLRACE_METRICS": "all",
		"MLFLOW_EXPOSE_PROMETHEUS": "/tmp/metrics", "MILLRACE_PROFILE_ADDRESS": "[::1]:0", "MILLRACE_SHUTDOWN_DELAY": "5s", "MLFLOW_TRUNCATE_LONG_VALUES": "false",
	}
	c, err = load(t, "", env)
	if err != nil {
		t.Fatal(err)
	}
	if c.Log.Level != slog.LevelDebug || !c.Log.JSON || c.Log.SlowRequest != 0 || c.Metrics != config.MetricsForAll ||
		c.ProfileAddress != "[::1]:0" || c.ShutdownDelay != 5*time.Second || c.TruncateLongValues {
		t.Errorf("%+v", c)
	}
	l, err := config.LogOf(func(name string) string { return env[name] })
	if err != nil || l.Level != c.Log.Level || l.JSON != c.Log.JSON {
		t.Errorf("%+v, %v", l, err)
	}
	if _, err := config.LogOf(func(string) string { return "x" }); err == nil {
		t.Error("a log level x was taken")
	}
	if c, err = load(t, "--truncate-long-values=true", env); err != nil || !c.TruncateLongValues {
		t.Errorf("%v", err)
	}
}

func TestTuningOfPythonServersIsTaken(t *testing.T) {
	t.Parallel()
	if _, err := load(t, "--gunicorn-opts=--log-level=debug", map[string]string{"MLFLOW_UVICORN_OPTS": "--timeout-keep-alive 30 --no-access-log"}); err != nil {
		t.Error(err)
	}
	want, err := load(t, "--forwarded-allow-ips 10.0.0.1,192.168.0.0/16", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, env := range []map[string]string{
		{"MLFLOW_UVICORN_OPTS": "--proxy-headers --forwarded-allow-ips='10.0.0.1,192.168.0.0/16'"},
		{"MLFLOW_UVICORN_OPTS": "--forwarded-allow-ips 10.0.0.1,192.168.0.0/16 --proxy-headers"},
		{"FORWARDED_ALLOW_IPS": "10.0.0.1,192.168.0.0/16"},
		{"MLFLOW_UVICORN_OPTS": "--no-proxy-headers --forwarded-allow-ips=10.0.0.1,192.168.0.0/16"},
	} {
		if c, err := load(t, "", env); err != nil || !reflect.DeepEqual(c.TrustedProxies, want.TrustedProxies) {
			t.Errorf("%v: %+v, %v", env, c, err)
		}
	}
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	for args, env := range map[string]map[string]string{
		"--ssl-certfile c --ssl-keyfile k": nil,
		"":                                 {"MILLRACE_SSL_CERTFILE": "c", "MILLRACE_SSL_KEYFILE": "k"},
		"--port 1":                         {"MLFLOW_UVICORN_OPTS": "--ssl-certfile c --ssl-keyfile='k'"},
		"--ssl-keyfile k":                  {"MLFLOW_GUNICORN_OPTS": "--certfile=c --keyfile k"},
	} {
		c, err := load(t, args, env)
		if err != nil || c.SSLCertFile != "c" || c.SSLKeyFile != "k" || c.LocalURL("0.0.0.0", 1) != "https://127.0.0.1:1" {
			t.Errorf("%q %v: %+v, %v", args, env, c, err)
		}
	}
}

func TestRefusedOptionsCanBeOff(t *testing.T) {
	t.Parallel()
	if _, err := load(t, "", map[string]string{"MLFLOW_ARTIFACTS_ONLY": "false", "MLFLOW_ENABLE_WORKSPACES": "0"}); err != nil {
		t.Error(err)
	}
}

func TestRelativeArtifactRoot(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"--default-artifact-root ./mlruns", "--default-artifact-root file:mlruns", "--no-serve-artifacts"} {
		c, err := load(t, args, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !filepath.IsAbs(strings.TrimPrefix(c.DefaultArtifactRoot, "file://")) || filepath.Base(c.DefaultArtifactRoot) != "mlruns" {
			t.Errorf("%s: %s", args, c.DefaultArtifactRoot)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		env  map[string]string
		want string
	}{
		{"--port x", nil, "--port"},
		{"--port 70000", nil, "65535"},
		{"", map[string]string{"MLFLOW_PORT": "x"}, "MLFLOW_PORT"},
		{"--static-prefix mlflow", nil, "must start with a slash"},
		{"--static-prefix /mlflow/", nil, "must start with a slash"},
		{"--x-frame-options maybe", nil, "SAMEORIGIN, DENY, NONE"},
		{"--sqlite-synchronous off", nil, "full, normal"},
		{"--serve-artifacts --no-serve-artifacts", nil, "contradict"},
		{"--no-serve-artifacts --artifacts-destination x", nil, "has no meaning"},
		{"--no-serve-artifacts --default-artifact-root mlflow-artifacts:/", nil, "needs the server to keep artifacts"},
		{"--registry-store-uri sqlite:///other.db", nil, "registry"},
		{"--model-version-source-pattern (", nil, "missing closing )"},
		{"--forwarded-allow-ips proxy.example", nil, "neither an IP address"},
		{"", map[string]string{"MLFLOW_UVICORN_OPTS": "--forwarded-allow-ips"}, "MLFLOW_UVICORN_OPTS"},
		{"--app-name basic_auth", nil, "must be basic-auth"},
		{"--artifacts-only", nil, "not there yet"},
		{"", map[string]string{"MLFLOW_ARTIFACTS_ONLY": "true"}, "MLFLOW_ARTIFACTS_ONLY"},
		{"", map[string]string{"MLFLOW_ENABLE_WORKSPACES": "perhaps"}, "MLFLOW_ENABLE_WORKSPACES"},
		{"", map[string]string{"MLFLOW_TRACE_ARCHIVAL_CONFIG": "false"}, "MLFLOW_TRACE_ARCHIVAL_CONFIG"},
		{"", map[string]string{"MLFLOW_MODEL_CATALOG_URI": "file:///prices"}, "MLFLOW_MODEL_CATALOG_URI"},
		{"--gunicorn-opts=--ca-certs=x.pem", nil, "no Python server to pass --ca-certs to"},
		{"--gunicorn-opts=--certfile=x.pem", nil, "need each other"},
		{"", map[string]string{"MLFLOW_UVICORN_OPTS": "--log-level debug --ssl-keyfile k"}, "need each other"},
		{"", map[string]string{"MLFLOW_UVICORN_OPTS": "--ssl-certfile c --ssl-keyfile"}, "--ssl-keyfile needs a value"},
		{"", map[string]string{"MLFLOW_UVICORN_OPTS": "--ssl-keyfile-password x"}, "no Python server to pass --ssl-keyfile-password to"},
		{"--ssl-certfile a --ssl-keyfile k", map[string]string{"MLFLOW_UVICORN_OPTS": "--ssl-certfile b"}, `b contradicts --ssl-certfile "a"`},
		{"--ssl-certfile a", nil, "need each other"},
		{"", map[string]string{"MILLRACE_SSL_KEYFILE": "k"}, "need each other"},
		{"", map[string]string{"MLFLOW_SERVE_ARTIFACTS": "perhaps"}, "true or false"},
		{"", map[string]string{"MLFLOW_TRUNCATE_LONG_VALUES": "perhaps"}, "true or false"},
		{"--log-level loud", nil, "debug, info, warn, error"},
		{"", map[string]string{"MILLRACE_LOG_LEVEL": "verbose"}, "MILLRACE_LOG_LEVEL"},
		{"--log-format xml", nil, "text, json"},
		{"--log-slow-requests soon", nil, "500ms"},
		{"--log-slow-requests -1s", nil, "from 0"},
		{"--metrics maybe", nil, "users, all, off"},
		{"--metrics off --expose-prometheus /tmp/x", nil, "contradicts"},
		{"--profile-address 6060", nil, "127.0.0.1:6060"},
		{"--profile-address 0.0.0.0:6060", nil, "this machine alone"},
		{"--profile-address :6060", nil, "this machine alone"},
		{"--profile-address 192.168.1.7:6060", nil, "this machine alone"},
		{"--profile-address localhost.evil.example:6060", nil, "this machine alone"},
		{"--profile-address 127.0.0.1:70000", nil, "65535"},
		{"--shutdown-delay 2h", nil, "1h"},
	} {
		_, err := load(t, c.args, c.env)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q %v: %v, want one line with %q", c.args, c.env, err, c.want)
		}
	}
}
