package mlflow

import "context"

// RegisteredModel is a named model with versions. LatestVersions has the newest version
// of each stage, without aliases.
type RegisteredModel struct {
	Name                 string         `json:"name"`
	CreationTimestamp    int64          `json:"creation_timestamp"`
	LastUpdatedTimestamp int64          `json:"last_updated_timestamp"`
	Description          string         `json:"description,omitempty"`
	LatestVersions       []ModelVersion `json:"latest_versions,omitempty"`
	Tags                 []Tag          `json:"tags,omitempty"`
	Aliases              []ModelAlias   `json:"aliases,omitempty"`
}

// ModelAlias is a name for a version of a model, such as champion.
type ModelAlias struct {
	Alias   string `json:"alias"`
	Version string `json:"version"`
}

// CreateRegisteredModelRequest creates a registered model without versions.
type CreateRegisteredModelRequest struct {
	Name        string `json:"name" required:"true"`
	Tags        []Tag  `json:"tags,omitempty"`
	Description string `json:"description,omitempty"`
}

// RegisteredModelResponse has a registered model.
type RegisteredModelResponse struct {
	RegisteredModel *RegisteredModel `json:"registered_model"`
}

// RenameRegisteredModelRequest renames a registered model.
type RenameRegisteredModelRequest struct {
	Name    string `json:"name" required:"true"`
	NewName string `json:"new_name" required:"true"`
}

// UpdateRegisteredModelRequest replaces the description. nil clears it.
type UpdateRegisteredModelRequest struct {
	Name        string `json:"name" required:"true"`
	Description string `json:"description,omitempty"`
}

// RegisteredModelNameRequest identifies a registered model.
type RegisteredModelNameRequest struct {
	Name string `json:"name" required:"true"`
}

// SearchRegisteredModelsRequest requests a page of registered models. The default of
// MaxResults is 100.
type SearchRegisteredModelsRequest struct {
	Filter     string   `json:"filter,omitempty"`
	MaxResults *int64   `json:"max_results,omitempty"`
	OrderBy    []string `json:"order_by,omitempty"`
	PageToken  string   `json:"page_token,omitempty"`
}

// SearchRegisteredModelsResponse is a page. NextPageToken is empty on the last page.
type SearchRegisteredModelsResponse struct {
	RegisteredModels []RegisteredModel `json:"registered_models,omitempty"`
	NextPageToken    string            `json:"next_page_token,omitempty"`
}

// GetLatestVersionsRequest requests the newest version of each of the Stages, by default
// of all.
type GetLatestVersionsRequest struct {
	Name   string   `json:"name" required:"true"`
	Stages []string `json:"stages,omitempty"`
}

// SetRegisteredModelTagRequest sets or replaces a tag of a registered model.
type SetRegisteredModelTagRequest struct {
	Name  string `json:"name" required:"true"`
	Key   string `json:"key" required:"true"`
	Value string `json:"value"`
}

// DeleteRegisteredModelTagRequest removes a tag of a registered model.
type DeleteRegisteredModelTagRequest struct {
	Name string `json:"name" required:"true"`
	Key  string `json:"key" required:"true"`
}

// SetModelAliasRequest sets an alias to a version. It moves an existing alias.
type SetModelAliasRequest struct {
	Name    string `json:"name" required:"true"`
	Alias   string `json:"alias" required:"true"`
	Version string `json:"version" required:"true"`
}

// ModelAliasRequest identifies an alias. The alias "latest" is the highest version.
type ModelAliasRequest struct {
	Name  string `json:"name" required:"true"`
	Alias string `json:"alias" required:"true"`
}

// CreateRegisteredModel creates a registered model without versions.
func (c *Client) CreateRegisteredModel(
	ctx context.Context,
	in *CreateRegisteredModelRequest,
) (*RegisteredModel, error) {
	out, err := call(ctx, c, Endpoints.CreateRegisteredModel, in)
	return out.RegisteredModel, err
}

// RegisteredModel returns a registered model.
func (c *Client) RegisteredModel(ctx context.Context, name string) (*RegisteredModel, error) {
	out, err := call(ctx, c, Endpoints.GetRegisteredModel, &RegisteredModelNameRequest{Name: name})
	return out.RegisteredModel, err
}

// RenameRegisteredModel renames a registered model.
func (c *Client) RenameRegisteredModel(ctx context.Context, name, newName string) (*RegisteredModel, error) {
	out, err := call(ctx, c, Endpoints.RenameRegisteredModel, &RenameRegisteredModelRequest{Name: name, NewName: newName})
	return out.RegisteredModel, err
}

// UpdateRegisteredModel replaces a registered model's description.
func (c *Client) UpdateRegisteredModel(ctx context.Context, name, description string) (*RegisteredModel, error) {
	out, err := call(ctx, c, Endpoints.UpdateRegisteredModel,
		&UpdateRegisteredModelRequest{Name: name, Description: description})
	return out.RegisteredModel, err
}

// DeleteRegisteredModel deletes a registered model with all its versions.
func (c *Client) DeleteRegisteredModel(ctx context.Context, name string) error {
	_, err := call(ctx, c, Endpoints.DeleteRegisteredModel, &RegisteredModelNameRequest{Name: name})
	return err
}

// SearchRegisteredModels returns a page of registered models.
func (c *Client) SearchRegisteredModels(
	ctx context.Context,
	in *SearchRegisteredModelsRequest,
) (*SearchRegisteredModelsResponse, error) {
	return call(ctx, c, Endpoints.SearchRegisteredModels, in)
}

// LatestVersions returns the newest version of each of the stages, by default of all.
func (c *Client) LatestVersions(ctx context.Context, name string, stages ...string) ([]ModelVersion, error) {
	out, err := call(ctx, c, Endpoints.GetLatestVersions, &GetLatestVersionsRequest{Name: name, Stages: stages})
	return out.ModelVersions, err
}

// SetRegisteredModelTag sets or replaces a tag of a registered model.
func (c *Client) SetRegisteredModelTag(ctx context.Context, name, key, value string) error {
	_, err := call(ctx, c, Endpoints.SetRegisteredModelTag,
		&SetRegisteredModelTagRequest{Name: name, Key: key, Value: value})
	return err
}

// DeleteRegisteredModelTag removes a tag of a registered model.
func (c *Client) DeleteRegisteredModelTag(ctx context.Context, name, key string) error {
	_, err := call(ctx, c, Endpoints.DeleteRegisteredModelTag, &DeleteRegisteredModelTagRequest{Name: name, Key: key})
	return err
}

// SetModelAlias sets an alias to a version. It moves an existing alias.
func (c *Client) SetModelAlias(ctx context.Context, name, alias, version string) error {
	_, err := call(ctx, c, Endpoints.SetModelAlias, &SetModelAliasRequest{Name: name, Alias: alias, Version: version})
	return err
}

// DeleteModelAlias removes an alias.
func (c *Client) DeleteModelAlias(ctx context.Context, name, alias string) error {
	_, err := call(ctx, c, Endpoints.DeleteModelAlias, &ModelAliasRequest{Name: name, Alias: alias})
	return err
}

// ModelVersionByAlias returns the version of an alias. "latest" is the highest version.
func (c *Client) ModelVersionByAlias(ctx context.Context, name, alias string) (*ModelVersion, error) {
	out, err := call(ctx, c, Endpoints.GetVersionByAlias, &ModelAliasRequest{Name: name, Alias: alias})
	return out.ModelVersion, err
}
