package genai

// LabelType says what a label is.
type LabelType string

// Types of labels.
const (
	LabelUnspecified LabelType = "LABEL_SCHEMA_TYPE_UNSPECIFIED"
	LabelFeedback    LabelType = "FEEDBACK"
	LabelExpectation LabelType = "EXPECTATION"
)

// EnumNames returns the names by protobuf number.
func (LabelType) EnumNames() []string {
	return []string{string(LabelUnspecified), string(LabelFeedback), string(LabelExpectation)}
}

// LabelSchema is a question that people answer about a trace. Its name is that of the
// assessment with the answer. The default question of an experiment cannot be changed.
type LabelSchema struct {
	SchemaID      string      `json:"schema_id"`
	ExperimentID  string      `json:"experiment_id"`
	Name          string      `json:"name"`
	Type          LabelType   `json:"type"`
	Instruction   *string     `json:"instruction,omitempty"`
	EnableComment bool        `json:"enable_comment"`
	Input         *LabelInput `json:"input"`
	CreatedBy     string      `json:"created_by,omitempty"`
	CreatedAt     int64       `json:"created_at"`
	LastUpdatedAt int64       `json:"last_updated_at"`
	IsDefault     bool        `json:"is_default"`
}

// LabelInput is how a question is answered. One of its fields is set.
type LabelInput struct {
	PassFail    *PassFailInput    `json:"pass_fail,omitempty"`
	Categorical *CategoricalInput `json:"categorical,omitempty"`
	Numeric     *NumericInput     `json:"numeric,omitempty"`
	Text        *TextInput        `json:"text,omitempty"`
}

// PassFailInput is a choice of two labels.
type PassFailInput struct {
	PositiveLabel string `json:"positive_label"`
	NegativeLabel string `json:"negative_label"`
}

// CategoricalInput is a choice of one of some options, or of several.
type CategoricalInput struct {
	Options     []string `json:"options,omitempty"`
	MultiSelect bool     `json:"multi_select"`
}

// NumericInput is a number, which may have bounds.
type NumericInput struct {
	MinValue *float64 `json:"min_value,omitempty"`
	MaxValue *float64 `json:"max_value,omitempty"`
}

// TextInput is a text, which may have a bound of its characters.
type TextInput struct {
	MaxLength *int64 `json:"max_length,omitempty"`
}

// CreateLabelSchemaRequest creates a schema in an experiment.
type CreateLabelSchemaRequest struct {
	ExperimentID  string      `json:"experiment_id" required:"true"`
	Name          string      `json:"name" required:"true"`
	Type          LabelType   `json:"type,omitempty"`
	Input         *LabelInput `json:"input,omitempty"`
	Instruction   *string     `json:"instruction,omitempty"`
	EnableComment bool        `json:"enable_comment,omitempty"`
}

// LabelSchemaResponse has a schema.
type LabelSchemaResponse struct {
	LabelSchema *LabelSchema `json:"label_schema"`
}

// SchemaIDRequest names a schema.
type SchemaIDRequest struct {
	SchemaID string `json:"schema_id" required:"true"`
}

// SchemaNameRequest names a schema of an experiment.
type SchemaNameRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	Name         string `json:"name" required:"true"`
}

// ListLabelSchemasRequest requests a page of the schemas of an experiment, 100 by default.
type ListLabelSchemasRequest struct {
	ExperimentID string `json:"experiment_id" required:"true"`
	MaxResults   *int32 `json:"max_results,omitempty"`
	PageToken    string `json:"page_token,omitempty"`
}

// LabelSchemasResponse is a page, with the newest schema first. NextPageToken is empty on the
// last page.
type LabelSchemasResponse struct {
	LabelSchemas  []LabelSchema `json:"label_schemas,omitempty"`
	NextPageToken string        `json:"next_page_token"`
}

// UpdateLabelSchemaRequest changes the fields of a schema that are not nil. The kind of the
// input cannot be changed.
type UpdateLabelSchemaRequest struct {
	SchemaID      string      `json:"schema_id" required:"true"`
	Name          *string     `json:"name,omitempty"`
	Instruction   *string     `json:"instruction,omitempty"`
	EnableComment *bool       `json:"enable_comment,omitempty"`
	Input         *LabelInput `json:"input,omitempty"`
}
