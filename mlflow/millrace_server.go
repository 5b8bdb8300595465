package mlflow

// ServerDetails describes a server to the users of its pages.
type ServerDetails struct {
	// Version is that of Millrace, and MLflowVersion that of the API that it follows.
	Version       string `json:"version"`
	MLflowVersion string `json:"mlflow_version"`
	// Database is SQLite, PostgreSQL, MySQL or MariaDB.
	Database string `json:"database"`
	// Artifacts is the kind of the store of the files: directory, s3, gs or another scheme.
	// It is empty if the server does not serve files.
	Artifacts string `json:"artifacts,omitempty"`
	// Users says whether the server has users with passwords, and Admin whether the user of
	// the request administers it. On a server without users, everybody does.
	Users  bool         `json:"users"`
	Admin  bool         `json:"admin"`
	Limits ServerLimits `json:"limits"`
	// Settings is for administrators only.
	Settings *ServerSettings `json:"settings,omitempty"`
}

// ServerLimits are the sizes that the server accepts.
type ServerLimits struct {
	RequestBytes int64 `json:"request_bytes"`
	BatchMetrics int64 `json:"batch_metrics"`
	ParamLength  int64 `json:"param_length"`
	TagLength    int64 `json:"tag_length"`
	// Truncates says that longer params and tags of runs are cut, and not refused.
	Truncates bool `json:"truncates"`
}

// ServerSettings are settings of the server, without passwords.
type ServerSettings struct {
	DatabaseURI     string `json:"database_uri"`
	DatabaseVersion string `json:"database_version"`
	// SchemaRevision is that of MLflow's tables.
	SchemaRevision       string `json:"schema_revision"`
	ReadStoreURI         string `json:"read_store_uri,omitempty"`
	ArtifactsDestination string `json:"artifacts_destination,omitempty"`
	DefaultArtifactRoot  string `json:"default_artifact_root"`
	StaticPrefix         string `json:"static_prefix,omitempty"`
	StartedMS            int64  `json:"started_ms"`
	GoVersion            string `json:"go_version"`
	Platform             string `json:"platform"`
}
