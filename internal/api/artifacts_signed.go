package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/artifact"
	"github.com/millrace-ml/millrace/internal/artifact/object"
	"github.com/millrace-ml/millrace/internal/forwarded"
	"github.com/millrace-ml/millrace/internal/httplimit"
	"github.com/millrace-ml/millrace/mlflow"
)

// Clients transfer large files by requests that the server signs: to and from an object
// store directly, or in parts through the server if the files are in a local folder. The
// proxy also accepts files of any size in one PUT.

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

// noParts is the error of stores without uploads in parts. Clients compare the beginning of
// the message, and then send the file in one request.
const noParts = "Multipart upload is not supported for the current artifact repository"

// signerOf returns the signer of a repository and the repository, or nil if the store
// signs no requests.
func signerOf(repo artifact.Repo) (object.Signer, *object.Repo) {
	r, ok := repo.(*object.Repo)
	if !ok {
		return nil, nil
	}
	return r.Signer(), r
}

// upload is the target of an upload in parts. Either signer or store is set.
type upload struct {
	path   string
	key    string // of an object store
	signer object.Signer
	store  artifact.PartStore
}

// uploadTarget returns the target of an upload to a folder of the proxy.
func (s *Server) uploadTarget(folder, name string) (*upload, error) {
	repo, err := s.Artifacts.Proxy()
	if err != nil {
		return nil, err
	}
	if folder, err = artifact.CleanPath(folder); err != nil {
		return nil, err
	}
	if name == "" {
		return nil, apierror.MissingParameter("path")
	}
	// Clients send the path of the file on their machine.
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if clean, err := artifact.CleanPath(name); err != nil || clean == "" {
		return nil, apierror.Invalid("Invalid path")
	}
	u := &upload{path: artifact.Join(folder, name)}
	if err := s.Artifacts.Writable(u.path); err != nil {
		return nil, err
	}
	if signer, objects := signerOf(repo); signer != nil {
		u.signer, u.key = signer, objects.Key(u.path)
		return u, nil
	}
	if store, ok := repo.(artifact.PartStore); ok {
		u.store = store
		return u, nil
	}
	return nil, mlflow.Errorf(mlflow.NotImplemented, noParts)
}

func (s *Server) createMultipart(
	ctx context.Context,
	req *http.Request,
	in *mlflow.CreateMultipartRequest,
) (*mlflow.MultipartUpload, error) {
	u, err := s.uploadTarget(in.ArtifactPath, in.Path)
	if err != nil {
		return nil, err
	}
	if in.NumParts < 1 || in.NumParts > maxParts {
		return nil, apierror.Invalid("num_parts must be between 1 and %d (got %d).", maxParts, in.NumParts)
	}
	id, parts, err := s.signParts(ctx, req, u, int32(in.NumParts))
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

// signParts begins an upload and signs a request for each part.
func (s *Server) signParts(
	ctx context.Context, req *http.Request, u *upload, n int32,
) (id string, parts []object.SignedRequest, err error) {
	if u.signer != nil {
		id, parts, err = u.signer.SignParts(ctx, u.key, n, signedUpload)
		if reason := mlflow.AsError(err); reason != nil && reason.Code == mlflow.NotImplemented {
			err = mlflow.Errorf(mlflow.NotImplemented, "%s. %s", noParts, reason.Message)
		}
		return id, parts, err
	}
	if id, err = u.store.BeginParts(ctx, u.path); err != nil {
		return "", nil, err
	}
	for number := range n {
		signed, err := s.signURL(req, signedGrant{Upload: id, Part: number + 1}, signedUpload)
		if err != nil {
			return "", nil, err
		}
		parts = append(parts, object.SignedRequest{URL: signed})
	}
	return id, parts, nil
}

func (s *Server) completeMultipart(
	ctx context.Context,
	in *mlflow.CompleteMultipartRequest,
) (*mlflow.Empty, error) {
	u, err := s.uploadTarget(in.ArtifactPath, in.Path)
	if err != nil {
		return nil, err
	}
	if len(in.Parts) == 0 || len(in.Parts) > maxParts {
		return nil, apierror.Invalid("parts must have between 1 and %d elements (got %d).", maxParts, len(in.Parts))
	}
	stored := make([]object.StoredPart, len(in.Parts))
	local := make([]artifact.Part, len(in.Parts))
	for i, p := range in.Parts {
		if p.PartNumber < 1 || p.PartNumber > maxParts {
			return nil, apierror.Invalid("part_number must be between 1 and %d (got %d).", maxParts, p.PartNumber)
		}
		stored[i] = object.StoredPart{Number: p.PartNumber, ETag: p.ETag, URL: p.URL}
		local[i] = artifact.Part{Number: p.PartNumber, ETag: p.ETag}
	}
	if u.signer != nil {
		return &mlflow.Empty{}, u.signer.CompleteParts(ctx, u.key, in.UploadID, stored)
	}
	return &mlflow.Empty{}, u.store.CompleteParts(ctx, u.path, in.UploadID, local)
}

func (s *Server) abortMultipart(ctx context.Context, in *mlflow.AbortMultipartRequest) (*mlflow.Empty, error) {
	u, err := s.uploadTarget(in.ArtifactPath, in.Path)
	if err != nil {
		return nil, err
	}
	if u.signer != nil {
		return &mlflow.Empty{}, u.signer.AbortParts(ctx, u.key, in.UploadID)
	}
	return &mlflow.Empty{}, u.store.AbortParts(ctx, u.path, in.UploadID)
}

func (s *Server) presignProxy(
	ctx context.Context,
	req *http.Request,
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
	size, err := sizeOf(ctx, repo, path)
	if err != nil {
		return nil, err
	}
	var signed object.SignedRequest
	if signer, objects := signerOf(repo); signer != nil && objects.CanSign() {
		signed, err = signer.SignGet(ctx, objects.Key(path), signedDownload)
	} else {
		signed.URL, err = s.signURL(req, signedGrant{Download: path}, signedDownload)
	}
	if err != nil {
		return nil, err
	}
	if signed.Headers == nil { // Clients expect an object.
		signed.Headers = map[string]string{}
	}
	return &mlflow.PresignedProxyResponse{URL: signed.URL, Headers: signed.Headers, FileSize: size}, nil
}

// sizeOf returns the size of a file. The error is that of a download if there is none.
func sizeOf(ctx context.Context, repo artifact.Repo, path string) (int64, error) {
	info, err := repo.Stat(ctx, path)
	if err == nil && info.IsDir {
		err = artifact.IsDirectory(path)
	}
	return info.Size, err
}

// signedPath is the path of URLs that grant access to one file of the proxy, or to one
// part of an upload.
const signedPath = "/.well-known/millrace-artifact"

// signedGrant is what a signed URL permits. Either Download or Upload is set.
type signedGrant struct {
	Download string `json:"d,omitempty"` // path of a file
	Upload   string `json:"u,omitempty"` // id
	Part     int32  `json:"n,omitempty"`
}

func (s *Server) signURL(req *http.Request, g signedGrant, valid time.Duration) (string, error) {
	token, err := s.URLs.Sign(g, valid)
	return forwarded.Base(req) + s.StaticPrefix + signedPath + "?token=" + token, err
}

func (s *Server) granted(req *http.Request) (g signedGrant, repo artifact.Repo, err error) {
	if err := s.URLs.Open(req.URL.Query().Get("token"), &g); err != nil {
		return g, nil, err
	}
	repo, err = s.Artifacts.Proxy()
	return g, repo, err
}

var errOtherMethod = mlflow.Errorf(mlflow.PermissionDenied, "The signed URL is for another method.")

func (s *Server) downloadSigned(w http.ResponseWriter, req *http.Request) error {
	if err := httplimit.RefuseBody(w, req); err != nil {
		return err
	}
	g, repo, err := s.granted(req)
	if err != nil {
		return err
	}
	if g.Download == "" {
		return errOtherMethod
	}
	return sendFile(w, req, repo, g.Download)
}

func (s *Server) uploadSigned(w http.ResponseWriter, req *http.Request) error {
	g, repo, err := s.granted(req)
	if err != nil {
		return err
	}
	store, ok := repo.(artifact.PartStore)
	if g.Upload == "" || !ok {
		return errOtherMethod
	}
	etag, err := artifact.ReceivePart(req, store, g.Upload, g.Part)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag)
	return nil
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
	size, err := sizeOf(ctx, store, path)
	if err != nil {
		return nil, err
	}
	request, err := signer.SignGet(ctx, store.Key(path), signedDownload)
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
