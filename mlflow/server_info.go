package mlflow

// ServerInfo reports which optional features clients may use.
type ServerInfo struct {
	StoreType                       string          `json:"store_type"`
	WorkspacesEnabled               bool            `json:"workspaces_enabled"`
	TraceArchivalEnabled            bool            `json:"trace_archival_enabled"`
	MultipartUploadsEnabled         bool            `json:"multipart_uploads_enabled"`
	MultipartDownloadsEnabled       bool            `json:"multipart_downloads_enabled"`
	PresignedUploadRunIDSupported   bool            `json:"presigned_upload_run_id_supported"`
	PresignedUploadModelIDSupported bool            `json:"presigned_upload_model_id_supported"`
	FeaturesEnabled                 map[string]bool `json:"features_enabled"`
}
