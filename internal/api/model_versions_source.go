package api

import (
	"context"
	"errors"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/mlflow"
)

// source is where a new version's files are and what they were made by.
type source struct {
	uri, runID, modelID string
}

// checkedSource refuses a source through which a version would show files of
// somebody else: what lies in this server's storage or on its machine has to
// belong to the run or logged model that the request names. A location
// elsewhere is kept as a text that the server never follows.
func (s *Server) checkedSource(ctx context.Context, in *mlflow.CreateModelVersionRequest) (source, error) {
	src := source{in.Source, deref(in.RunID), deref(in.ModelID)}
	if s.StoredURI != nil {
		src.uri = s.StoredURI(src.uri)
	}
	if err := tooLong("source", src.uri, maxSource); err != nil {
		return src, err
	}
	if s.SourcePattern != nil && !s.SourcePattern.MatchString(in.Source) {
		return src, mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Invalid model version source: '%s'. This server takes only sources that match %s.",
			shorten(in.Source),
			s.SourcePattern,
		)
	}
	if store.HasPromptTag(in.Tags) {
		// A prompt has no files; any other source would be one that nobody checked.
		if src.uri != "dummy-source" && src.uri != "prompt-template" {
			return src, mlflow.Errorf(
				mlflow.InvalidParameterValue,
				"Invalid prompt source: '%s'. Prompt sources must use an MLflow placeholder.",
				shorten(src.uri),
			)
		}
		return src, nil
	}
	if err := refuseHosts(src.uri); err != nil {
		return src, err
	}
	if err := s.followRegistered(ctx, in, &src); err != nil {
		return src, err
	}
	return src, s.checkSource(ctx, src)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// hostSchemes are those whose URIs name a machine to connect to.
var hostSchemes = []string{"ftp", "sftp", "hdfs", "viewfs", "http", "https", "mlflow-artifacts", "r2", "b2", "abfss"}

func refuseHosts(uri string) error {
	scheme := artifact.Scheme(uri)
	if !slices.Contains(hostSchemes, scheme) ||
		scheme == "mlflow-artifacts" && !strings.HasPrefix(uri[len(scheme):], "://") {
		return nil
	}
	return mlflow.Errorf(
		mlflow.InvalidParameterValue,
		"'source' cannot use the '%s' scheme: it names another host, and this server only deals with files in its own storage or in an object store.",
		scheme,
	)
}

// followRegistered replaces models:/<name>/<version, stage or alias> by the
// version that it names now, whose run the new version inherits.
func (s *Server) followRegistered(ctx context.Context, in *mlflow.CreateModelVersionRequest, src *source) error {
	if artifact.Scheme(src.uri) != "models" {
		return nil
	}
	if strings.HasPrefix(src.uri, "models://") {
		return mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Invalid model version source: '%s'. Registered model sources must use the active model registry.",
			shorten(src.uri),
		)
	}
	uri, err := mlflow.ParseModelURI(src.uri)
	if err != nil {
		return foreignSource(src.uri, "model_id")
	}
	if uri.ModelID != "" {
		return nil
	}
	m, err := s.Store.RegisteredModel(ctx, uri.Name)
	if err != nil {
		return err
	}
	if store.HasPromptTag(m.Tags) {
		return mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Invalid model version source: '%s'. Prompt versions cannot be used as model version sources.",
			shorten(src.uri),
		)
	}
	v, err := s.namedVersion(ctx, uri)
	if err != nil {
		return err
	}
	if in.RunID != nil && *in.RunID != v.RunID || src.modelID != "" {
		return mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Invalid model version source: '%s'. The run_id and model_id request parameters must match the referenced model version.",
			shorten(src.uri),
		)
	}
	src.uri, src.runID = "models:/"+v.Name+"/"+v.Version, v.RunID
	return nil
}

// namedVersion returns the version that a models:/ URI of a registered model names.
func (s *Server) namedVersion(ctx context.Context, uri mlflow.ModelURI) (*mlflow.ModelVersion, error) {
	switch {
	case uri.Version != "":
		n, err := versionNumber(uri.Version)
		if err != nil {
			return nil, err
		}
		return s.Store.ModelVersion(ctx, uri.Name, n)
	case uri.Alias != "":
		return s.Store.ModelVersionByAlias(ctx, uri.Name, uri.Alias)
	case uri.Stage != "":
		stage, err := canonicalStage(uri.Stage)
		if err != nil {
			return nil, err
		}
		list, err := s.Store.LatestVersions(ctx, uri.Name, []string{stage})
		if err == nil && len(list) == 0 {
			err = mlflow.Errorf(
				mlflow.InvalidParameterValue,
				"No version of the model '%s' is in the stage %s.",
				uri.Name,
				stage,
			)
		}
		if err != nil {
			return nil, err
		}
		return &list[0], nil
	}
	return s.Store.HighestVersion(ctx, uri.Name)
}

func (s *Server) checkSource(ctx context.Context, src source) error {
	owner := "run_id"
	if src.modelID != "" {
		owner = "model_id"
	}
	scheme := artifact.Scheme(src.uri)
	if scheme == "file" {
		return s.checkLocalSource(ctx, src, owner)
	}
	if !canonicalSource(src.uri) {
		return relativeSource(src.uri)
	}
	switch scheme {
	case "runs":
		if runID, _, ok := parseRunsURI(src.uri); !ok || src.modelID != "" || runID != src.runID {
			return foreignSource(src.uri, owner)
		}
	case "models":
		if uri, err := mlflow.ParseModelURI(src.uri); err != nil || uri.ModelID != "" && uri.ModelID != src.modelID {
			return foreignSource(src.uri, "model_id")
		}
	case "mlflow-artifacts":
		root, err := s.rootOf(ctx, src)
		if err != nil || root == "" {
			return orForeign(err, src.uri, owner)
		}
		if !within(src.uri, root) {
			return foreignSource(src.uri, owner)
		}
	}
	return nil
}

// rootOf returns where the files of the run or logged model are that a request
// names, "" if it names none.
func (s *Server) rootOf(ctx context.Context, src source) (string, error) {
	switch {
	case src.modelID != "":
		m, err := s.Store.LoggedModel(ctx, src.modelID, false)
		if err != nil {
			return "", err
		}
		return m.Info.ArtifactURI, nil
	case src.runID != "":
		run, err := s.Store.RunInfo(ctx, src.runID)
		if err != nil {
			return "", err
		}
		return run.ArtifactURI, nil
	}
	return "", nil
}

func (s *Server) checkLocalSource(ctx context.Context, src source, owner string) error {
	if slices.Contains(strings.FieldsFunc(unquoteAll(src.uri), func(r rune) bool { return r == '/' || r == '\\' }), "..") {
		return relativeSource(src.uri)
	}
	refused := func(shown string) error {
		return mlflow.Errorf(
			mlflow.InvalidParameterValue,
			"Invalid model version source: '%s'. To use a local path as a model version source, the %s request parameter has to be specified and the "+
				"local path has to be contained within the artifact directory of the run specified by the %s.",
			shorten(shown),
			owner,
			owner,
		)
	}
	root, err := s.rootOf(ctx, src)
	switch {
	case err != nil:
		return orForeign(err, src.uri, owner)
	case root == "":
		return refused(src.uri)
	}
	dir, err := artifact.FilePath(src.uri)
	if err != nil {
		return err
	}
	if artifact.Scheme(root) != "file" {
		return refused(dir)
	}
	rootDir, err := artifact.FilePath(root)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(rootDir, dir); err != nil || !filepath.IsLocal(rel) {
		return refused(dir)
	}
	return nil
}

// orForeign words the missing run or model as a source that is not theirs.
func orForeign(err error, uri, owner string) error {
	if err == nil || errors.Is(err, mlflow.ResourceDoesNotExist) {
		return foreignSource(uri, owner)
	}
	return err
}

func foreignSource(uri, owner string) error {
	return mlflow.Errorf(
		mlflow.InvalidParameterValue,
		"Invalid model version source: '%s'. The %s request parameter must identify the resource that contains the source.",
		shorten(uri),
		owner,
	)
}

func relativeSource(uri string) error {
	return mlflow.Errorf(
		mlflow.InvalidParameterValue,
		"Invalid model version source: '%s'. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, "+
			"an absolute path must be provided without relative path references present. Please provide an absolute path.",
		shorten(uri),
	)
}

// unquoteAll decodes percent signs until none is left that means anything; what
// is no escape stays as it is.
func unquoteAll(s string) string {
	for {
		var b strings.Builder
		for i := 0; i < len(s); i++ {
			if s[i] == '%' && i+2 < len(s) {
				if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
					b.WriteByte(byte(n))
					i += 2
					continue
				}
			}
			b.WriteByte(s[i])
		}
		if b.Len() == len(s) {
			return s
		}
		s = b.String()
	}
}

// canonicalSource reports whether the path of a URI is absolute, names
// something, and stays as it is when it is cleaned, however often it is decoded.
func canonicalSource(uri string) bool {
	plain := unquoteAll(uri)
	if strings.ContainsRune(plain, 0) || slices.Contains(strings.Split(plain, "/"), "..") {
		return false
	}
	_, p, _ := strings.Cut(plain, ":")
	if rest, ok := strings.CutPrefix(p, "//"); ok { // the host
		p = ""
		if slash := strings.IndexAny(rest, "/?#"); slash >= 0 {
			p = rest[slash:]
		}
	}
	if end := strings.IndexAny(p, "?#"); end >= 0 {
		p = p[:end]
	}
	names := slices.DeleteFunc(strings.Split(p, "/"), func(name string) bool { return name == "" })
	clean := "/" + strings.Join(names, "/")
	return strings.HasPrefix(p, "/") && len(names) > 0 && path.Clean(clean) == clean
}

// within reports whether a mlflow-artifacts: URI lies at or below a root.
func within(uri, root string) bool {
	split := func(uri string) (host string, names []string) {
		u, err := url.Parse(uri)
		if err != nil || u.Opaque != "" || u.Scheme != "mlflow-artifacts" {
			return "", nil
		}
		return strings.ToLower(
				u.Host,
			), slices.DeleteFunc(
				strings.Split(unquoteAll(u.Path), "/"),
				func(name string) bool { return name == "" },
			)
	}
	host, names := split(uri)
	rootHost, rootNames := split(root)
	return host == rootHost && len(rootNames) > 0 && len(names) >= len(rootNames) &&
		slices.Equal(names[:len(rootNames)], rootNames)
}
