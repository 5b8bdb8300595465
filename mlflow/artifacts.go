package mlflow

// FileInfo is one file or folder of an artifact store. Path is relative, with
// slashes; FileSize is in bytes, 0 for folders.
type FileInfo struct {
	Path     string `json:"path"`
	IsDir    bool   `json:"is_dir"`
	FileSize int64  `json:"file_size,omitempty"`
}

// ListArtifactsRequest asks for one folder of a run's artifacts; "" is the top.
type ListArtifactsRequest struct {
	RunID     string `json:"run_id" alias:"run_uuid" required:"true"`
	Path      string `json:"path,omitempty"`
	PageToken string `json:"page_token,omitempty"`
}

// ListArtifactsResponse lists a folder; paths are relative to RootURI.
type ListArtifactsResponse struct {
	RootURI       string     `json:"root_uri"`
	Files         []FileInfo `json:"files,omitempty"`
	NextPageToken string     `json:"next_page_token,omitempty"`
}

// ListProxyRequest asks for one folder of the artifact proxy.
type ListProxyRequest struct {
	Path string `json:"path,omitempty"`
}

// ListProxyResponse lists a folder of the artifact proxy by base names.
type ListProxyResponse struct {
	Files []FileInfo `json:"files,omitempty"`
}

// PresignRequest asks for a URL straight to the object store, valid for
// Expiration seconds.
type PresignRequest struct {
	RunID      string `json:"run_id,omitempty"`
	ModelID    string `json:"model_id,omitempty"`
	Path       string `json:"path,omitempty"`
	Expiration *int64 `json:"expiration,omitempty"`
}

// PresignResponse carries such a URL and the headers to send with it.
type PresignResponse struct {
	PresignedURL string            `json:"presigned_url"`
	Headers      map[string]string `json:"headers,omitempty"`
	FileSize     int64             `json:"file_size,omitempty"`
}

// MultipartRequest names the artifact of a multipart upload.
type MultipartRequest struct {
	ArtifactPath string `json:"artifact_path" path:"path"`
}
