package mlflow

import "context"

// Stages of model versions in responses. Requests may have them in any case.
const (
	StageNone       = "None"
	StageStaging    = "Staging"
	StageProduction = "Production"
	StageArchived   = "Archived"
)

// Statuses of model versions.
const (
	VersionPending = "PENDING_REGISTRATION" // its files are being written
	VersionReady   = "READY"
)

// ModelVersion is a version of a registered model. Description is nil if it was never
// set.
type ModelVersion struct {
	Name                 string   `json:"name"`
	Version              string   `json:"version"`
	CreationTimestamp    int64    `json:"creation_timestamp"`
	LastUpdatedTimestamp int64    `json:"last_updated_timestamp"`
	UserID               string   `json:"user_id,omitempty"`
	CurrentStage         string   `json:"current_stage"`
	Description          *string  `json:"description,omitempty"`
	Source               string   `json:"source"`
	RunID                string   `json:"run_id"`
	Status               string   `json:"status"`
	StatusMessage        string   `json:"status_message,omitempty"`
	Tags                 []Tag    `json:"tags,omitempty"`
	RunLink              string   `json:"run_link"`
	Aliases              []string `json:"aliases,omitempty"`
}

// CreateModelVersionRequest registers the files at Source as the next version. Source is
// a runs:/, models:/ or artifact URI. Files in the server's own storage must belong to
// the run or logged model of the request.
type CreateModelVersionRequest struct {
	Name        string  `json:"name" required:"true"`
	Source      string  `json:"source" required:"true"`
	RunID       *string `json:"run_id,omitempty"`
	Tags        []Tag   `json:"tags,omitempty"`
	RunLink     string  `json:"run_link,omitempty"`
	Description string  `json:"description,omitempty"`
	ModelID     *string `json:"model_id,omitempty"`
}

// ModelVersionResponse has a model version.
type ModelVersionResponse struct {
	ModelVersion *ModelVersion `json:"model_version"`
}

// ModelVersionsResponse has several model versions.
type ModelVersionsResponse struct {
	ModelVersions []ModelVersion `json:"model_versions,omitempty"`
}

// UpdateModelVersionRequest replaces the description. nil clears it.
type UpdateModelVersionRequest struct {
	Name        string  `json:"name" required:"true"`
	Version     string  `json:"version" required:"true"`
	Description *string `json:"description,omitempty"`
}

// TransitionStageRequest moves a version to a stage, and optionally archives the other
// versions in that stage.
type TransitionStageRequest struct {
	Name                    string `json:"name" required:"true"`
	Version                 string `json:"version" required:"true"`
	Stage                   string `json:"stage" required:"true"`
	ArchiveExistingVersions bool   `json:"archive_existing_versions"`
}

// ModelVersionRequest identifies a version of a registered model.
type ModelVersionRequest struct {
	Name    string `json:"name" required:"true"`
	Version string `json:"version" required:"true"`
}

// SearchModelVersionsRequest requests a page of model versions. The default of
// MaxResults is 200,000.
type SearchModelVersionsRequest struct {
	Filter     string   `json:"filter,omitempty"`
	MaxResults *int64   `json:"max_results,omitempty"`
	OrderBy    []string `json:"order_by,omitempty"`
	PageToken  string   `json:"page_token,omitempty"`
}

// SearchModelVersionsResponse is a page, without aliases. NextPageToken is empty on the
// last page.
type SearchModelVersionsResponse struct {
	ModelVersions []ModelVersion `json:"model_versions,omitempty"`
	NextPageToken string         `json:"next_page_token,omitempty"`
}

// DownloadURIRequest identifies a version.
type DownloadURIRequest struct {
	Name    string `json:"name" required:"true"`
	Version string `json:"version"`
}

// DownloadURIResponse has the location of a version's files.
type DownloadURIResponse struct {
	ArtifactURI string `json:"artifact_uri"`
}

// SetModelVersionTagRequest sets or replaces a tag of a version.
type SetModelVersionTagRequest struct {
	Name    string `json:"name" required:"true"`
	Version string `json:"version" required:"true"`
	Key     string `json:"key" required:"true"`
	Value   string `json:"value"`
}

// DeleteModelVersionTagRequest removes a tag of a version.
type DeleteModelVersionTagRequest struct {
	Name    string `json:"name" required:"true"`
	Version string `json:"version" required:"true"`
	Key     string `json:"key" required:"true"`
}

// CreateModelVersion registers the next version of a model.
func (c *Client) CreateModelVersion(ctx context.Context, in *CreateModelVersionRequest) (*ModelVersion, error) {
	out, err := call(ctx, c, Endpoints.CreateModelVersion, in)
	return out.ModelVersion, err
}

// ModelVersion returns a version of a registered model.
func (c *Client) ModelVersion(ctx context.Context, name, version string) (*ModelVersion, error) {
	out, err := call(ctx, c, Endpoints.GetModelVersion, &ModelVersionRequest{Name: name, Version: version})
	return out.ModelVersion, err
}

// UpdateModelVersion replaces a version's description.
func (c *Client) UpdateModelVersion(ctx context.Context, name, version, description string) (*ModelVersion, error) {
	out, err := call(ctx, c, Endpoints.UpdateModelVersion,
		&UpdateModelVersionRequest{Name: name, Version: version, Description: &description})
	return out.ModelVersion, err
}

// TransitionStage moves a version to another stage.
func (c *Client) TransitionStage(ctx context.Context, in *TransitionStageRequest) (*ModelVersion, error) {
	out, err := call(ctx, c, Endpoints.TransitionStage, in)
	return out.ModelVersion, err
}

// DeleteModelVersion deletes a version. Its number is not used again.
func (c *Client) DeleteModelVersion(ctx context.Context, name, version string) error {
	_, err := call(ctx, c, Endpoints.DeleteModelVersion, &ModelVersionRequest{Name: name, Version: version})
	return err
}

// SearchModelVersions returns a page of model versions.
func (c *Client) SearchModelVersions(
	ctx context.Context,
	in *SearchModelVersionsRequest,
) (*SearchModelVersionsResponse, error) {
	return call(ctx, c, Endpoints.SearchModelVersions, in)
}

// DownloadURI returns the location of a version's files.
func (c *Client) DownloadURI(ctx context.Context, name, version string) (string, error) {
	out, err := call(ctx, c, Endpoints.GetDownloadURI, &DownloadURIRequest{Name: name, Version: version})
	return out.ArtifactURI, err
}

// SetModelVersionTag sets or replaces a tag of a version.
func (c *Client) SetModelVersionTag(ctx context.Context, name, version, key, value string) error {
	_, err := call(ctx, c, Endpoints.SetModelVersionTag,
		&SetModelVersionTagRequest{Name: name, Version: version, Key: key, Value: value})
	return err
}

// DeleteModelVersionTag removes a tag of a version.
func (c *Client) DeleteModelVersionTag(ctx context.Context, name, version, key string) error {
	_, err := call(ctx, c, Endpoints.DeleteModelVersionTag,
		&DeleteModelVersionTagRequest{Name: name, Version: version, Key: key})
	return err
}
