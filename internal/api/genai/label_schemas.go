package genai

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/millrace-ml/millrace/internal/access"
	"github.com/millrace-ml/millrace/internal/api/route"
	"github.com/millrace-ml/millrace/internal/api/validate"
	"github.com/millrace-ml/millrace/internal/apierror"
	"github.com/millrace-ml/millrace/internal/permit"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/store/evaluation"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/genai"
)

func (h *Handlers) labelSchemaRoutes(r *route.Router) {
	e := genai.Endpoints
	route.On(r, e.CreateLabelSchema, permit.Experiment(access.ToManage), h.createLabelSchema)
	route.On(r, e.GetLabelSchema, permit.LabelSchema(access.ToRead), h.labelSchema)
	route.On(r, e.GetLabelSchemaByName, permit.Experiment(access.ToRead), h.labelSchemaByName)
	route.On(r, e.ListLabelSchemas, permit.Experiment(access.ToRead), h.listLabelSchemas)
	route.On(r, e.UpdateLabelSchema, permit.LabelSchema(access.ToManage), h.updateLabelSchema)
	route.On(r, e.DeleteLabelSchema, permit.LabelSchema(access.ToManage).Audited(), h.deleteLabelSchema)
}

// Limits of schemas of labels, in characters and in options.
const (
	maxSchemaName  = 250
	maxInstruction = 1000
	maxLabel       = 64
	maxOptions     = 10
)

func (h *Handlers) createLabelSchema(
	ctx context.Context, in *genai.CreateLabelSchemaRequest,
) (*genai.LabelSchemaResponse, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	if in.Type != genai.LabelFeedback && in.Type != genai.LabelExpectation {
		return nil, apierror.Invalid("Label schema `type` must be one of FEEDBACK or EXPECTATION; got proto enum " +
			"value 0.")
	}
	if in.Input == nil {
		in.Input = &genai.LabelInput{}
	}
	if err := validate.First(
		checkSchemaName(in.Name), checkInstruction(in.Instruction), checkInput(in.Input),
	); err != nil {
		return nil, err
	}
	created, err := h.Store.CreateLabelSchema(ctx, id, &genai.LabelSchema{
		Name: in.Name, Type: in.Type, Instruction: in.Instruction, EnableComment: in.EnableComment, Input: in.Input,
	})
	return &genai.LabelSchemaResponse{LabelSchema: created}, err
}

func checkSchemaName(name string) error {
	n := utf8.RuneCountInString(name)
	switch {
	case name == "":
		return apierror.Invalid("Label schema `name` must be a non-empty string; got ''.")
	case n > maxSchemaName:
		return apierror.Invalid("Label schema `name` must be at most %d characters; got %d.", maxSchemaName, n)
	case strings.EqualFold(strings.TrimSpace(name), evaluation.DefaultQuestion):
		return apierror.Invalid("`%s` is reserved for the experiment's default question and cannot be used for another "+
			"label schema.", name)
	}
	return nil
}

func checkInstruction(text *string) error {
	if text == nil {
		return nil
	}
	if n := utf8.RuneCountInString(*text); n > maxInstruction {
		return apierror.Invalid("Label schema `instruction` must be at most %d characters; got %d.", maxInstruction, n)
	}
	return nil
}

// kindOf returns the name of the field of an input that is set, or "" unless it is one.
func kindOf(in *genai.LabelInput) (kind string) {
	for name, given := range map[string]bool{
		"InputPassFail": in.PassFail != nil, "InputCategorical": in.Categorical != nil, "InputNumeric": in.Numeric != nil,
		"InputText": in.Text != nil,
	} {
		switch {
		case given && kind != "":
			return ""
		case given:
			kind = name
		}
	}
	return kind
}

func checkInput(in *genai.LabelInput) error {
	switch kindOf(in) {
	case "InputPassFail":
		p := in.PassFail
		if p.PositiveLabel == p.NegativeLabel && p.PositiveLabel != "" {
			return apierror.Invalid("`InputPassFail.positive_label` and `negative_label` must be distinct; got %s for both.",
				python.Repr(apierror.Shorten(p.PositiveLabel)))
		}
		return validate.First(
			checkLabel("`InputPassFail.positive_label`", p.PositiveLabel),
			checkLabel("`InputPassFail.negative_label`", p.NegativeLabel),
		)
	case "InputCategorical":
		return checkOptions(in.Categorical.Options)
	case "InputNumeric":
		low, high := in.Numeric.MinValue, in.Numeric.MaxValue
		if low != nil && high != nil && !(*low < *high) {
			return apierror.Invalid("`InputNumeric.min_value` must be strictly less than `max_value`; got min=%s, max=%s.",
				python.ReprFloat(*low), python.ReprFloat(*high))
		}
		return nil
	case "InputText":
		if n := in.Text.MaxLength; n != nil && *n < 1 {
			return apierror.Invalid("`InputText.max_length` must be at least 1; got %d.", *n)
		}
		return nil
	}
	got := "several"
	if *in == (genai.LabelInput{}) {
		got = "an empty oneof"
	}
	return apierror.Invalid("Label schema `input` must have exactly one of `pass_fail`, `categorical`, `numeric`, or "+
		"`text` set; got %s.", got)
}

func checkLabel(what, label string) error {
	n := utf8.RuneCountInString(label)
	switch {
	case label == "":
		return apierror.Invalid("%s must be a non-empty string; got ''.", what)
	case n > maxLabel:
		return apierror.Invalid("%s must be at most %d characters; got %d.", what, maxLabel, n)
	}
	return nil
}

func checkOptions(options []string) error {
	switch {
	case len(options) == 0:
		return apierror.Invalid("`InputCategorical.options` must be a non-empty list; got [].")
	case len(options) > maxOptions:
		return apierror.Invalid("`InputCategorical.options` must have at most %d entries; got %d.", maxOptions, len(options))
	}
	seen := map[string]bool{}
	for _, option := range options {
		if err := checkLabel("Each of `InputCategorical.options`", option); err != nil {
			return err
		}
		if seen[option] {
			return apierror.Invalid("`InputCategorical.options` must be deduplicated; %s appears twice.", python.Repr(option))
		}
		seen[option] = true
	}
	return nil
}

func (h *Handlers) labelSchema(ctx context.Context, in *genai.SchemaIDRequest) (*genai.LabelSchemaResponse, error) {
	found, err := h.Store.LabelSchema(ctx, in.SchemaID)
	return &genai.LabelSchemaResponse{LabelSchema: found}, err
}

func (h *Handlers) labelSchemaByName(
	ctx context.Context, in *genai.SchemaNameRequest,
) (*genai.LabelSchemaResponse, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	found, err := h.Store.LabelSchemaNamed(ctx, id, in.Name)
	return &genai.LabelSchemaResponse{LabelSchema: found}, err
}

// defaultSchemas is the number of schemas on a page.
const defaultSchemas = 100

func (h *Handlers) listLabelSchemas(
	ctx context.Context, in *genai.ListLabelSchemasRequest,
) (*genai.LabelSchemasResponse, error) {
	id, err := validate.ExperimentID(in.ExperimentID)
	if err != nil {
		return nil, err
	}
	limit, err := pageSize(in.MaxResults, defaultSchemas)
	if err != nil {
		return nil, err
	}
	list, next, err := h.Store.LabelSchemas(ctx, id, limit, in.PageToken)
	return &genai.LabelSchemasResponse{LabelSchemas: list, NextPageToken: next}, err
}

func (h *Handlers) updateLabelSchema(
	ctx context.Context, in *genai.UpdateLabelSchemaRequest,
) (*genai.LabelSchemaResponse, error) {
	updated, err := h.Store.UpdateLabelSchema(ctx, in, func(old *genai.LabelSchema) error {
		if old.IsDefault {
			return apierror.Invalid("The experiment's default question cannot be edited.")
		}
		if in.Name != nil {
			if err := checkSchemaName(*in.Name); err != nil {
				return err
			}
		}
		if err := checkInstruction(in.Instruction); err != nil || in.Input == nil {
			return err
		}
		if err := checkInput(in.Input); err != nil {
			return err
		}
		return sameKind(old.Input, in.Input)
	})
	return &genai.LabelSchemaResponse{LabelSchema: updated}, err
}

// sameKind returns an error if the labels that were given by an input are no labels of another.
func sameKind(old, changed *genai.LabelInput) error {
	if from, to := kindOf(old), kindOf(changed); from != to {
		return apierror.Invalid("A label schema's input type cannot be changed after creation (existing: %s, got: %s).",
			from, to)
	}
	if old.Categorical != nil && old.Categorical.MultiSelect != changed.Categorical.MultiSelect {
		return apierror.Invalid("`InputCategorical.multi_select` cannot be changed after creation.")
	}
	return nil
}

func (h *Handlers) deleteLabelSchema(ctx context.Context, in *genai.SchemaIDRequest) (*mlflow.Empty, error) {
	return &mlflow.Empty{}, h.Store.DeleteLabelSchema(ctx, in.SchemaID)
}
