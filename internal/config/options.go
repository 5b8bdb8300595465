package config

import "strconv"

// Option describes an option of the server for its documentation.
type Option struct {
	// Flag is the name of the flag without dashes, and Short its letter. Both may be empty.
	Flag, Short string
	// Env is the environment variable, or empty.
	Env string
	// Default is the value when neither the flag nor the variable is set.
	Default string
	Help    string
	// Refused reports that `mlflow server` has the option and Millrace does not. Help is
	// the reason.
	Refused bool
}

// The two flags that set one option.
var (
	serveArtifacts = Option{
		Flag: "serve-artifacts", Env: "MLFLOW_SERVE_ARTIFACTS", Default: "true",
		Help: "store and serve the artifacts of runs and models",
	}
	noServeArtifacts = Option{
		Flag: "no-serve-artifacts", Default: "false", Help: "leave the artifacts of runs and models to the clients",
	}
)

// Options returns all options of the server, including those that it refuses.
func Options() []Option {
	var all []Option
	for _, o := range options {
		all = append(all, Option{Flag: o.flag, Short: o.short, Env: o.env, Default: o.value, Help: o.help})
	}
	all = append(all, serveArtifacts, noServeArtifacts)
	for _, s := range switches {
		all = append(all, Option{Flag: s.flag, Env: s.env, Default: strconv.FormatBool(s.value), Help: s.help})
	}
	for _, r := range refused {
		all = append(all, Option{Flag: r.flag, Env: r.env, Help: r.why, Refused: true})
	}
	return all
}
