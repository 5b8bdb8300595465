package mlflow

// FileInfo describes a file or directory. Path is relative, with slashes. FileSize is in
// bytes, 0 for directories.
type FileInfo struct {
	Path     string `json:"path"`
	IsDir    bool   `json:"is_dir"`
	FileSize int64  `json:"file_size,omitempty"`
}

// ListArtifactsRequest requests a directory of a run's artifacts, or the root for "".
type ListArtifactsRequest struct {
	RunID     string `json:"run_id" alias:"run_uuid" required:"true"`
	Path      string `json:"path,omitempty"`
	PageToken string `json:"page_token,omitempty"`
}

// ListArtifactsResponse lists a directory. Paths are relative to RootURI.
type ListArtifactsResponse struct {
	RootURI       string     `json:"root_uri"`
	Files         []FileInfo `json:"files,omitempty"`
	NextPageToken string     `json:"next_page_token,omitempty"`
}

// ListProxyRequest requests a directory of the artifact proxy.
type ListProxyRequest struct {
	Path string `json:"path,omitempty"`
}

// ListProxyResponse lists a directory of the artifact proxy by base names.
type ListProxyResponse struct {
	Files []FileInfo `json:"files,omitempty"`
}

// PresignRequest requests a URL of the object store that is valid for Expiration
// seconds.
type PresignRequest struct {
	RunID      string `json:"run_id,omitempty"`
	ModelID    string `json:"model_id,omitempty"`
	Path       string `json:"path,omitempty"`
	Expiration *int64 `json:"expiration,omitempty"`
}

// PresignResponse has the URL and the headers of a request to it.
type PresignResponse struct {
	PresignedURL string            `json:"presigned_url"`
	Headers      map[string]string `json:"headers,omitempty"`
	FileSize     int64             `json:"file_size,omitempty"`
}

// CreateMultipartRequest begins an upload in parts, of 1 to 10,000.
type CreateMultipartRequest struct {
	ArtifactPath string `json:"artifact_path" path:"path"` // folder
	Path         string `json:"path,omitempty"`            // its last part is the name in the folder
	NumParts     int64  `json:"num_parts,omitempty"`
}

// MultipartUpload has a signed request for each part.
type MultipartUpload struct {
	UploadID    string                `json:"upload_id,omitempty"`
	Credentials []MultipartCredential `json:"credentials,omitempty"`
}

// MultipartCredential is a signed PUT request.
type MultipartCredential struct {
	URL        string            `json:"url"`
	PartNumber int32             `json:"part_number"`
	Headers    map[string]string `json:"headers,omitempty"`
}

// CompleteMultipartRequest makes a file of parts.
type CompleteMultipartRequest struct {
	ArtifactPath string          `json:"artifact_path" path:"path"` // folder
	Path         string          `json:"path,omitempty"`            // its last part is the name in the folder
	UploadID     string          `json:"upload_id,omitempty"`
	Parts        []MultipartPart `json:"parts,omitempty"`
}

// MultipartPart is a part that has been stored.
type MultipartPart struct {
	PartNumber int32  `json:"part_number"`
	ETag       string `json:"etag"`
	URL        string `json:"url,omitempty"` // of the signed request
}

// AbortMultipartRequest removes the parts of an upload.
type AbortMultipartRequest struct {
	ArtifactPath string `json:"artifact_path" path:"path"` // folder
	Path         string `json:"path,omitempty"`            // its last part is the name in the folder
	UploadID     string `json:"upload_id,omitempty"`
}

// PresignedProxyRequest asks for a signed download of a proxied file.
type PresignedProxyRequest struct {
	ArtifactPath string `json:"artifact_path" path:"path"`
}

// PresignedProxyResponse has the signed request and the size of the file in bytes.
type PresignedProxyResponse struct {
	URL      string            `json:"url"`
	Headers  map[string]string `json:"headers"`
	FileSize int64             `json:"file_size"`
}
