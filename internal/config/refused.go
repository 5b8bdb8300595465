package config

import (
	"fmt"
	"strconv"

	"github.com/spf13/pflag"
)

// refusal is an option of `mlflow server` that Millrace does not have, with an alternative. It has a
// flag, a variable or both.
type refusal struct {
	flag, env string
	noValue   bool
	why       string
}

var refused = []refusal{
	{
		"artifacts-only", "MLFLOW_ARTIFACTS_ONLY", true,
		"a server of artifacts alone is not there yet; leave the option out",
	},
	{
		"artifacts-presigned-only", "MLFLOW_ARTIFACTS_PRESIGNED_ONLY", true,
		"files pass through the server unless a client asks for signed URLs; leave the option out",
	},
	{"enable-workspaces", "MLFLOW_ENABLE_WORKSPACES", true, "workspaces are not there yet; leave the option out"},
	{"disable-workspaces", "", true, "workspaces are not there yet; leave the option out"},
	{
		"workspace-store-uri", "MLFLOW_WORKSPACE_STORE_URI", false,
		"workspaces are not there yet; leave the option out",
	},
	{
		"trace-archival-config", "MLFLOW_TRACE_ARCHIVAL_CONFIG", false,
		"archived traces are read, but the server archives none; leave the option out",
	},
	{
		"", "MLFLOW_MODEL_CATALOG_URI", false,
		"the prices of models are those that MLflow 3.18 carries, and no other list is read; leave the variable out or empty",
	},
	{"secrets-cache-ttl", "", false, "the gateway is not there yet; leave the option out"},
	{"secrets-cache-max-size", "", false, "the gateway is not there yet; leave the option out"},
	{"waitress-opts", "", false, "there is no Python server to pass options to; leave the option out"},
	{"dev", "", true, "there is no development mode; leave the option out"},
}

// refusedFlags adds the flags of refused options, so that their errors can say why.
func refusedFlags(fs *pflag.FlagSet) {
	for _, r := range refused {
		if r.flag == "" {
			continue
		}
		fs.String(r.flag, "", "")
		if r.noValue {
			fs.Lookup(r.flag).NoOptDefVal = "true"
		}
		_ = fs.MarkHidden(r.flag) // The flag exists.
	}
}

// checkRefused returns an error if a refused option is set. A variable that switches an
// option off is accepted.
func checkRefused(fs *pflag.FlagSet, getenv func(string) string) error {
	for _, r := range refused {
		if fs.Changed(r.flag) {
			return fmt.Errorf("--%s: %s", r.flag, r.why)
		}
		value := ""
		if r.env != "" {
			value = getenv(r.env)
		}
		if on, err := strconv.ParseBool(value); value == "" || r.noValue && err == nil && !on {
			continue
		}
		return fmt.Errorf("%s %q: %s", r.env, value, r.why)
	}
	return nil
}
