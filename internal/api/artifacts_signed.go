package api

import (
	"context"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/mlflow"
)

// Clients transfer large files to and from an object store by requests that the server
// signs. The proxy accepts files of any size in one PUT.

const (
	// signedUpload is the time that a client has for the parts of an upload.
	signedUpload = time.Hour
	// signedDownload is the time within which a download must begin.
	signedDownload = 5 * time.Minute
	// defaultExpiration applies to presigned uploads that name none, in seconds.
	defaultExpiration = 900
	// maxExpiration is the longest time that stores accept, a week, in seconds.
	maxExpiration = 604800
	// maxParts is the largest number of parts that stores accept.
	maxParts = 10_000
)

// signerOf returns the signer of a repository and the repository, or nil if the store
// signs no requests.
func signerOf(repo artifact.Repo) (object.Signer, *object.Repo) {
	r, ok := repo.(*object.Repo)
	if !ok {
		return nil, nil
	}
	return r.Signer(), r
}

// uploadTarget returns the signer and the key of a file in a folder of the proxy.
func (s *Server) uploadTarget(folder, name string) (object.Signer, string, error) {
	repo, err := s.Artifacts.Proxy()
	if err != nil {
		return nil, "", err
	}
	if folder, err = artifact.CleanPath(folder); err != nil {
		return nil, "", err
	}
	signer, store := signerOf(repo)
	if signer == nil {
		return nil, "", mlflow.Errorf(
			mlflow.NotImplemented,
			"Multipart upload is not supported for the current artifact repository",
		)
	}
	if name == "" {
		return nil, "", apierror.MissingParameter("path")
	}
	// Clients send the path of the file on their machine.
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if clean, err := artifact.CleanPath(name); err != nil || clean == "" {
		return nil, "", apierror.Invalid("Invalid path")
	}
	path := artifact.Join(folder, name)
	if err := s.Artifacts.Writable(path); err != nil {
		return nil, "", err
	}
	return signer, store.Key(path), nil
}

func (s *Server) createMultipart(
	ctx context.Context,
	in *mlflow.CreateMultipartRequest,
) (*mlflow.MultipartUpload, error) {
	signer, key, err := s.uploadTarget(in.ArtifactPath, in.Path)
	if err != nil {
		return nil, err
	}
	if in.NumParts < 1 || in.NumParts > maxParts {
		return nil, apierror.Invalid("num_parts must be between 1 and %d (got %d).", maxParts, in.NumParts)
	}
	id, parts, err := signer.SignParts(ctx, key, int32(in.NumParts), signedUpload)
	if err != nil {
		return nil, err
	}
	out := &mlflow.MultipartUpload{UploadID: id}
	for i, p := range parts {
		out.Credentials = append(out.Credentials, mlflow.MultipartCredential{
			URL: p.URL, PartNumber: int32(i + 1), Headers: p.Headers,
		})
	}
	return out, nil
}

func (s *Server) completeMultipart(
	ctx context.Context,
	in *mlflow.CompleteMultipartRequest,
) (*mlflow.Empty, error) {
	signer, key, err := s.uploadTarget(in.ArtifactPath, in.Path)
	if err != nil {
		return nil, err
	}
	if len(in.Parts) == 0 || len(in.Parts) > maxParts {
		return nil, apierror.Invalid("parts must have between 1 and %d elements (got %d).", maxParts, len(in.Parts))
	}
	parts := make([]object.StoredPart, len(in.Parts))
	for i, p := range in.Parts {
		if p.PartNumber < 1 || p.PartNumber > maxParts {
			return nil, apierror.Invalid("part_number must be between 1 and %d (got %d).", maxParts, p.PartNumber)
		}
		parts[i] = object.StoredPart{Number: p.PartNumber, ETag: p.ETag, URL: p.URL}
	}
	return &mlflow.Empty{}, signer.CompleteParts(ctx, key, in.UploadID, parts)
}

func (s *Server) abortMultipart(ctx context.Context, in *mlflow.AbortMultipartRequest) (*mlflow.Empty, error) {
	signer, key, err := s.uploadTarget(in.ArtifactPath, in.Path)
	if err != nil {
		return nil, err
	}
	return &mlflow.Empty{}, signer.AbortParts(ctx, key, in.UploadID)
}

func (s *Server) presignProxy(
	ctx context.Context,
	in *mlflow.PresignedProxyRequest,
) (*mlflow.PresignedProxyResponse, error) {
	repo, err := s.Artifacts.Proxy()
	if err != nil {
		return nil, err
	}
	path, err := artifact.CleanPath(in.ArtifactPath)
	if err != nil {
		return nil, err
	}
	signer, store := signerOf(repo)
	if signer == nil {
		return nil, mlflow.Errorf(
			mlflow.NotImplemented,
			"Multipart download is not supported for the current artifact repository",
		)
	}
	request, size, err := signDownload(ctx, signer, store, path)
	if err != nil {
		return nil, err
	}
	return &mlflow.PresignedProxyResponse{URL: request.URL, Headers: request.Headers, FileSize: size}, nil
}

// signDownload signs the download of a file that exists and returns its size.
func signDownload(
	ctx context.Context,
	signer object.Signer,
	store *object.Repo,
	path string,
) (object.SignedRequest, int64, error) {
	info, err := store.Stat(ctx, path)
	if err == nil && info.IsDir {
		err = artifact.IsDirectory(path)
	}
	if err != nil {
		return object.SignedRequest{}, 0, err
	}
	request, err := signer.SignGet(ctx, store.Key(path), signedDownload)
	return request, info.Size, err
}

func (s *Server) presignUpload(ctx context.Context, in *mlflow.PresignRequest) (*mlflow.PresignResponse, error) {
	if (in.RunID == "") == (in.ModelID == "") {
		return nil, apierror.Invalid("Exactly one of run_id and model_id must be provided.")
	}
	signer, store, path, err := s.presignTarget(ctx, in,
		"Presigned upload is not supported for proxied artifact storage (artifact URI scheme: %s). "+
			"This endpoint requires a direct cloud storage artifact URI.")
	if err != nil {
		return nil, err
	}
	valid := time.Duration(defaultExpiration)
	if in.Expiration != nil {
		valid = time.Duration(*in.Expiration)
	}
	request, err := signer.SignPut(ctx, store.Key(path), valid*time.Second)
	if err != nil {
		return nil, err
	}
	return &mlflow.PresignResponse{PresignedURL: request.URL, Headers: request.Headers}, nil
}

func (s *Server) presignDownload(ctx context.Context, in *mlflow.PresignRequest) (*mlflow.PresignResponse, error) {
	if in.RunID == "" {
		return nil, apierror.MissingParameter("run_id")
	}
	in.ModelID = ""
	signer, store, path, err := s.presignTarget(ctx, in,
		"Presigned download is not supported for runs with proxied artifact storage (artifact URI scheme: %s). "+
			"This endpoint requires a run with a direct cloud storage artifact URI.")
	if err != nil {
		return nil, err
	}
	request, size, err := signDownload(ctx, signer, store, path)
	if err != nil {
		return nil, err
	}
	return &mlflow.PresignResponse{PresignedURL: request.URL, Headers: request.Headers, FileSize: size}, nil
}

// presignTarget checks the common parameters of the presign routes and returns the store
// of the run or model and the path in it. unsupported is the message for URIs that clients
// cannot access directly, with a verb for the scheme.
func (s *Server) presignTarget(
	ctx context.Context,
	in *mlflow.PresignRequest,
	unsupported string,
) (signer object.Signer, store *object.Repo, path string, err error) {
	if in.Path == "" {
		return nil, nil, "", apierror.MissingParameter("path")
	}
	below, err := artifact.CleanPath(in.Path)
	if err != nil {
		return nil, nil, "", err
	}
	if in.Expiration != nil && (*in.Expiration < 1 || *in.Expiration > maxExpiration) {
		return nil, nil, "", apierror.Invalid(
			"expiration must be between 1 and %d seconds (got %d).", maxExpiration, *in.Expiration)
	}
	uri, err := s.artifactURI(ctx, in)
	if err != nil {
		return nil, nil, "", err
	}
	if !artifact.IsObjectStore(uri) {
		return nil, nil, "", apierror.Invalid(unsupported, artifact.Scheme(uri))
	}
	repo, base, err := s.Artifacts.Locate(uri)
	if err != nil {
		return nil, nil, "", err
	}
	if signer, store = signerOf(repo); signer == nil {
		return nil, nil, "", apierror.Invalid(unsupported, artifact.Scheme(uri))
	}
	return signer, store, artifact.Join(base, below), nil
}

// artifactURI returns the location of the run or model of a request.
func (s *Server) artifactURI(ctx context.Context, in *mlflow.PresignRequest) (string, error) {
	if in.ModelID != "" {
		model, err := s.Store.LoggedModel(ctx, in.ModelID, false)
		if err != nil {
			return "", err
		}
		return model.Info.ArtifactURI, nil
	}
	run, err := s.Store.RunInfo(ctx, in.RunID)
	if err != nil {
		return "", err
	}
	return run.ArtifactURI, nil
}
