package registry

import (
	"context"
	"errors"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/location"
	"github.com/millrace-ml/millrace/internal/store/registry"
	"github.com/millrace-ml/millrace/mlflow"
)

// source is the location of a new version's files and the run or model that made them.
type source struct {
	uri, runID, modelID string
}

// checkedSource checks the source of a new version. A source in this server's storage
// or file system must belong to the run or logged model of the request; otherwise a
// version would give access to the files of others. The server stores any other
// location, but never opens it.
func (h *Handlers) checkedSource(ctx context.Context, in *mlflow.CreateModelVersionRequest) (source, error) {
	src := source{h.stored(in.Source), deref(in.RunID), deref(in.ModelID)}
	if err := validate.Length("source", src.uri, validate.MaxSource); err != nil {
		return src, err
	}
	if err := h.checkPattern(in.Source); err != nil {
		return src, err
	}
	if registry.HasPromptTag(in.Tags) {
		// A prompt has no files. Other sources would be unchecked.
		if src.uri != "dummy-source" && src.uri != "prompt-template" {
			return src, apierror.Invalid(
				"Invalid prompt source: '%s'. Prompt sources must use an MLflow placeholder.",
				apierror.Shorten(src.uri),
			)
		}
		return src, nil
	}
	if err := h.refuseHosts(src.uri); err != nil {
		return src, err
	}
	if err := h.followRegistered(ctx, in, &src); err != nil {
		return src, err
	}
	return src, h.checkSource(ctx, src)
}

// stored returns an artifact URI of a client in the stored form.
func (h *Handlers) stored(uri string) string {
	if h.StoredURI == nil {
		return uri
	}
	return h.StoredURI(uri)
}

// checkPattern returns an error for a source that the administrator does not allow.
func (h *Handlers) checkPattern(source string) error {
	if h.SourcePattern == nil || h.SourcePattern.MatchString(source) {
		return nil
	}
	return apierror.Invalid(
		"Invalid model version source: '%s'. This server takes only sources that match %s.",
		apierror.Shorten(source),
		h.SourcePattern,
	)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// hostSchemes lists the schemes of URIs that name a host to connect to.
var hostSchemes = []string{"ftp", "sftp", "hdfs", "viewfs", "http", "https", "mlflow-artifacts", "r2", "b2", "abfss"}

func (h *Handlers) refuseHosts(uri string) error {
	scheme := artifact.Scheme(uri)
	if !slices.Contains(hostSchemes, scheme) ||
		scheme == "mlflow-artifacts" && !strings.HasPrefix(uri[len(scheme):], "://") ||
		artifact.IsObjectStore(uri) && h.Files.MayReach(uri) == nil {
		return nil
	}
	return apierror.Invalid(
		"'source' cannot use the '%s' scheme: it names another host, and this server only deals with files in its own "+
			"storage or in an object store.",
		scheme,
	)
}

// followRegistered resolves models:/<name>/<version, stage or alias> to a version. The
// new version inherits its run.
func (h *Handlers) followRegistered(ctx context.Context, in *mlflow.CreateModelVersionRequest, src *source) error {
	if artifact.Scheme(src.uri) != "models" {
		return nil
	}
	if strings.HasPrefix(src.uri, "models://") {
		return apierror.Invalid(
			"Invalid model version source: '%s'. Registered model sources must use the active model registry.",
			apierror.Shorten(src.uri),
		)
	}
	uri, err := mlflow.ParseModelURI(src.uri)
	if err != nil {
		return foreignSource(src.uri, "model_id")
	}
	if uri.ModelID != "" {
		return nil
	}
	m, err := h.Store.RegisteredModel(ctx, uri.Name)
	if err != nil {
		return err
	}
	if registry.HasPromptTag(m.Tags) {
		return apierror.Invalid(
			"Invalid model version source: '%s'. Prompt versions cannot be used as model version sources.",
			apierror.Shorten(src.uri),
		)
	}
	v, err := h.namedVersion(ctx, uri)
	if err != nil {
		return err
	}
	if in.RunID != nil && *in.RunID != v.RunID || src.modelID != "" {
		return apierror.Invalid(
			"Invalid model version source: '%s'. The run_id and model_id request parameters must match the referenced "+
				"model version.",
			apierror.Shorten(src.uri),
		)
	}
	if v.Status == mlflow.VersionPending {
		return apierror.Invalid("Invalid model version source: '%s'. Its files are still being written; finalize it first.",
			apierror.Shorten(src.uri))
	}
	src.uri, src.runID = "models:/"+v.Name+"/"+v.Version, v.RunID
	return nil
}

// namedVersion returns the version that a models:/ URI refers to.
func (h *Handlers) namedVersion(ctx context.Context, uri mlflow.ModelURI) (*mlflow.ModelVersion, error) {
	switch {
	case uri.Version != "":
		n, err := versionNumber(uri.Version)
		if err != nil {
			return nil, err
		}
		return h.Store.ModelVersion(ctx, uri.Name, n)
	case uri.Alias != "":
		return h.Store.ModelVersionByAlias(ctx, uri.Name, uri.Alias)
	case uri.Stage != "":
		stage, err := canonicalStage(uri.Stage)
		if err != nil {
			return nil, err
		}
		list, err := h.Store.LatestVersions(ctx, uri.Name, []string{stage})
		if err == nil && len(list) == 0 {
			err = apierror.Invalid("No version of the model '%s' is in the stage %s.", uri.Name, stage)
		}
		if err != nil {
			return nil, err
		}
		return &list[0], nil
	}
	return h.Store.HighestVersion(ctx, uri.Name)
}

func (h *Handlers) checkSource(ctx context.Context, src source) error {
	owner := "run_id"
	if src.modelID != "" {
		owner = "model_id"
	}
	scheme := artifact.Scheme(src.uri)
	if scheme == "file" {
		return h.checkLocalSource(ctx, src, owner)
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
		root, err := h.rootOf(ctx, src)
		if err != nil || root == "" {
			return orForeign(err, src.uri, owner)
		}
		if !within(src.uri, root) {
			return foreignSource(src.uri, owner)
		}
	default:
		return h.checkBucketSource(ctx, src, owner)
	}
	return nil
}

// checkBucketSource checks a source in an object store. The server opens every bucket
// that it has credentials for, so that the source must belong to the run or logged model
// unless the user may read everything.
func (h *Handlers) checkBucketSource(ctx context.Context, src source, owner string) error {
	if !artifact.IsObjectStore(src.uri) || access.FromContext(ctx).Unlimited() {
		return nil
	}
	root, err := h.rootOf(ctx, src)
	if err != nil || root == "" {
		return orForeign(err, src.uri, owner)
	}
	folder, ok := location.Parse(root)
	if place, sourceOK := location.Parse(src.uri); ok && sourceOK {
		if _, within := place.Below(folder); within {
			return nil
		}
	}
	return foreignSource(src.uri, owner)
}

// rootOf returns the artifact URI of the run or logged model of a request, or "".
func (h *Handlers) rootOf(ctx context.Context, src source) (string, error) {
	switch {
	case src.modelID != "":
		m, err := h.Store.LoggedModel(ctx, src.modelID, false)
		if err != nil {
			return "", err
		}
		return m.Info.ArtifactURI, nil
	case src.runID != "":
		run, err := h.Store.RunInfo(ctx, src.runID)
		if err != nil {
			return "", err
		}
		return run.ArtifactURI, nil
	}
	return "", nil
}

func (h *Handlers) checkLocalSource(ctx context.Context, src source, owner string) error {
	names := strings.FieldsFunc(unquoteAll(src.uri), func(r rune) bool { return r == '/' || r == '\\' })
	if slices.Contains(names, "..") {
		return relativeSource(src.uri)
	}
	refused := func(shown string) error {
		return apierror.Invalid(
			"Invalid model version source: '%s'. To use a local path as a model version source, "+
				"the %s request parameter has to be specified and the local path "+
				"has to be contained within the artifact directory of the run specified by the %s.",
			apierror.Shorten(shown),
			owner,
			owner,
		)
	}
	root, err := h.rootOf(ctx, src)
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

// orForeign maps a missing run or model to the error for a source outside of it.
func orForeign(err error, uri, owner string) error {
	if err == nil || errors.Is(err, mlflow.ResourceDoesNotExist) {
		return foreignSource(uri, owner)
	}
	return err
}

func foreignSource(uri, owner string) error {
	return apierror.Invalid(
		"Invalid model version source: '%s'. The %s request parameter must identify the resource that contains the source.",
		apierror.Shorten(uri),
		owner,
	)
}

func relativeSource(uri string) error {
	return apierror.Invalid(
		"Invalid model version source: '%s'. If supplying a source as an http, https, local file path, ftp, "+
			"objectstore, or mlflow-artifacts uri, an absolute path must be provided "+
			"without relative path references present. Please provide an absolute path.",
		apierror.Shorten(uri),
	)
}

// unquoteAll decodes percent escapes until none is left. Invalid escapes stay.
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

// canonicalSource reports whether the path of a URI is absolute, not empty, and
// clean, even if it is decoded several times.
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
	names := strings.FieldsFunc(p, func(r rune) bool { return r == '/' })
	clean := "/" + strings.Join(names, "/")
	return strings.HasPrefix(p, "/") && len(names) > 0 && path.Clean(clean) == clean
}

// within reports whether an mlflow-artifacts: URI is at or below a root.
func within(uri, root string) bool {
	split := func(uri string) (host string, names []string) {
		u, err := url.Parse(uri)
		if err != nil || u.Opaque != "" || u.Scheme != "mlflow-artifacts" {
			return "", nil
		}
		names = strings.FieldsFunc(unquoteAll(u.Path), func(r rune) bool { return r == '/' })
		return strings.ToLower(u.Host), names
	}
	host, names := split(uri)
	rootHost, rootNames := split(root)
	return host == rootHost && len(rootNames) > 0 && len(names) >= len(rootNames) &&
		slices.Equal(names[:len(rootNames)], rootNames)
}
