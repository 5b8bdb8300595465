package evaluation

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/millrace-ml/millrace/internal/db"
	"github.com/millrace-ml/millrace/internal/python"
	"github.com/millrace-ml/millrace/internal/search"
	"github.com/millrace-ml/millrace/internal/store/base"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/genai"
)

// DefaultQuestion is the name of the question that every experiment has.
const DefaultQuestion = "Feedback"

const defaultInstruction = "Share any feedback on this trace."

// schemaColumns are the columns of label_schemas that scanSchema reads.
const schemaColumns = "schema_id, experiment_id, name, type, instruction, enable_comment, input_type, input_config, " +
	"coalesce(created_by, ''), created_time, last_update_time, is_default"

func scanSchema(row base.Scanner) (*genai.LabelSchema, error) {
	var s genai.LabelSchema
	var experiment int64
	var kind, inputType, config string
	err := row.Scan(
		&s.SchemaID, &experiment, &s.Name, &kind, &s.Instruction, &s.EnableComment, &inputType, &config, &s.CreatedBy,
		&s.CreatedAt, &s.LastUpdatedAt, &s.IsDefault,
	)
	if err != nil {
		return nil, err
	}
	s.ExperimentID, s.Type = strconv.FormatInt(experiment, 10), genai.LabelType(strings.ToUpper(kind))
	// The column has the field of the same name. One that cannot be read stays empty.
	s.Input = &genai.LabelInput{}
	_ = json.Unmarshal([]byte(`{`+strconv.Quote(inputType)+`:`+config+`}`), s.Input)
	return &s, nil
}

// inputOf returns the columns for an input.
func inputOf(in *genai.LabelInput) (inputType, config string) {
	d := python.NewDict()
	switch {
	case in.PassFail != nil:
		inputType = "pass_fail"
		d.Set("positive_label", in.PassFail.PositiveLabel)
		d.Set("negative_label", in.PassFail.NegativeLabel)
	case in.Categorical != nil:
		inputType = "categorical"
		options := make([]any, len(in.Categorical.Options))
		for i, option := range in.Categorical.Options {
			options[i] = option
		}
		d.Set("options", options)
		d.Set("multi_select", in.Categorical.MultiSelect)
	case in.Numeric != nil:
		inputType = "numeric"
		d.Set("min_value", floatOrNone(in.Numeric.MinValue))
		d.Set("max_value", floatOrNone(in.Numeric.MaxValue))
	default:
		inputType = "text"
		d.Set("max_length", nil)
		if in.Text.MaxLength != nil {
			d.Set("max_length", python.IntOf(*in.Text.MaxLength))
		}
	}
	return inputType, python.Dumps(d)
}

func floatOrNone(f *float64) any {
	if f == nil {
		return nil
	}
	return *f
}

func noSchema(id string) error {
	return mlflow.Errorf(mlflow.ResourceDoesNotExist, "Label schema with id '%s' not found.", id)
}

func sameSchemaName(name, experiment string) error {
	return mlflow.Errorf(mlflow.ResourceAlreadyExists, "Label schema with name '%s' already exists for experiment '%s'.",
		name, experiment)
}

// ExperimentOfSchema returns the id of the experiment of a schema. It is "" if there is no such
// schema.
func (s Evaluations) ExperimentOfSchema(ctx context.Context, id string) (experiment string, err error) {
	err = s.View(ctx, func(t Tx) error {
		found, err := t.labelSchema(id)
		if errors.Is(err, mlflow.ResourceDoesNotExist) {
			return nil
		}
		if err == nil {
			experiment = found.ExperimentID
		}
		return err
	})
	return experiment, err
}

// CreateLabelSchema creates a schema of labels in an experiment.
func (s Evaluations) CreateLabelSchema(
	ctx context.Context, experimentID int64, in *genai.LabelSchema,
) (created *genai.LabelSchema, err error) {
	err = s.Update(ctx, func(t Tx) error {
		if err := t.active(experimentID); err != nil {
			return err
		}
		id := "ls-" + base.NewID()
		n, err := t.insertSchema(id, experimentID, in)
		if err == nil && n == 0 {
			return sameSchemaName(in.Name, strconv.FormatInt(experimentID, 10))
		}
		if err != nil {
			return err
		}
		created, err = t.labelSchema(id)
		if errors.Is(err, mlflow.ResourceDoesNotExist) { // MySQL counts the row that it has kept.
			return sameSchemaName(in.Name, strconv.FormatInt(experimentID, 10))
		}
		return err
	})
	return created, err
}

// insertSchema inserts a schema unless the experiment has one of the name.
func (t Tx) insertSchema(id string, experimentID int64, in *genai.LabelSchema) (int64, error) {
	inputType, config := inputOf(in.Input)
	now := base.NowMS()
	return t.Exec(`INSERT INTO label_schemas (schema_id, experiment_id, name, type, instruction, enable_comment,
		input_type, input_config, created_time, last_update_time, is_default) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`+
		` ON CONFLICT (experiment_id, name) DO NOTHING`, id, experimentID, in.Name, strings.ToLower(string(in.Type)),
		in.Instruction, in.EnableComment, inputType, config, now, now, in.IsDefault)
}

// LabelSchema returns a schema of labels.
func (s Evaluations) LabelSchema(ctx context.Context, id string) (found *genai.LabelSchema, err error) {
	err = s.View(ctx, func(t Tx) error {
		found, err = t.labelSchema(id)
		return err
	})
	return found, err
}

func (t Tx) labelSchema(id string) (*genai.LabelSchema, error) {
	found, err := scanSchema(t.QueryRow(`SELECT `+schemaColumns+` FROM label_schemas WHERE schema_id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noSchema(id)
	}
	return found, err
}

// LabelSchemaNamed returns the schema of labels of an experiment with a name.
func (s Evaluations) LabelSchemaNamed(
	ctx context.Context, experimentID int64, name string,
) (found *genai.LabelSchema, err error) {
	err = s.View(ctx, func(t Tx) error {
		if err := t.active(experimentID); err != nil {
			return err
		}
		found, err = scanSchema(t.QueryRow(`SELECT `+schemaColumns+` FROM label_schemas
			WHERE experiment_id = ? AND name = ?`, experimentID, name))
		if errors.Is(err, sql.ErrNoRows) {
			return mlflow.Errorf(mlflow.ResourceDoesNotExist,
				"Label schema with name '%s' not found for experiment '%d'.", name, experimentID)
		}
		return err
	})
	return found, err
}

// LabelSchemas returns a page of the schemas of labels of an experiment, and the token of the
// next page, which is "" on the last page. As in MLflow, an experiment gets its default
// question by the first request for a list.
func (s Evaluations) LabelSchemas(
	ctx context.Context, experimentID int64, limit int, token string,
) (list []genai.LabelSchema, next string, err error) {
	offset, err := search.DecodeOffset(token)
	if err != nil {
		return nil, "", err
	}
	hasDefault := false
	read := func(t Tx) error {
		if err := t.active(experimentID); err != nil {
			return err
		}
		err := t.QueryRow(`SELECT EXISTS (SELECT 1 FROM label_schemas WHERE experiment_id = ? AND is_default)`, experimentID).
			Scan(&hasDefault)
		if err != nil {
			return err
		}
		list, err = db.Collect(t.Tx, `SELECT `+schemaColumns+` FROM label_schemas WHERE experiment_id = ?
			ORDER BY created_time DESC, schema_id LIMIT ? OFFSET ?`, []any{experimentID, limit + 1, offset},
			base.Scanned(scanSchema))
		return err
	}
	if err := s.View(ctx, read); err != nil {
		return nil, "", err
	}
	if !hasDefault {
		if err := s.addDefaultQuestion(ctx, experimentID, read); err != nil {
			return nil, "", err
		}
	}
	list, next = base.CutPage(list, limit, offset)
	return list, next, nil
}

// addDefaultQuestion gives an experiment its default question and calls read. Another schema
// may have its name.
func (s Evaluations) addDefaultQuestion(ctx context.Context, experimentID int64, read func(Tx) error) error {
	instruction := defaultInstruction
	return s.Update(ctx, func(t Tx) error {
		if err := t.active(experimentID); err != nil {
			return err
		}
		_, err := t.insertSchema("ls-"+base.NewID(), experimentID, &genai.LabelSchema{
			Name: DefaultQuestion, Type: genai.LabelFeedback, Instruction: &instruction, IsDefault: true,
			Input: &genai.LabelInput{Text: &genai.TextInput{}},
		})
		if err != nil {
			return err
		}
		return read(t)
	})
}

// UpdateLabelSchema changes a schema of labels. check returns an error if a schema cannot be
// changed so.
func (s Evaluations) UpdateLabelSchema(
	ctx context.Context, in *genai.UpdateLabelSchemaRequest, check func(*genai.LabelSchema) error,
) (updated *genai.LabelSchema, err error) {
	err = s.Update(ctx, func(t Tx) error {
		old, err := t.labelSchema(in.SchemaID)
		if err != nil {
			return err
		}
		if err := check(old); err != nil {
			return err
		}
		set, args := []string{"last_update_time = ?"}, []any{base.NowMS()}
		if in.Name != nil {
			set, args = append(set, "name = ?"), append(args, *in.Name)
		}
		if in.Instruction != nil {
			set, args = append(set, "instruction = ?"), append(args, *in.Instruction)
		}
		if in.EnableComment != nil {
			set, args = append(set, "enable_comment = ?"), append(args, *in.EnableComment)
		}
		if in.Input != nil {
			inputType, config := inputOf(in.Input)
			set, args = append(set, "input_type = ?", "input_config = ?"), append(args, inputType, config)
		}
		_, err = t.Exec(`UPDATE label_schemas SET `+strings.Join(set, ", ")+` WHERE schema_id = ?`,
			append(args, in.SchemaID)...)
		if db.IsUniqueViolation(err) {
			return sameSchemaName(*in.Name, old.ExperimentID)
		}
		if err != nil {
			return err
		}
		updated, err = t.labelSchema(in.SchemaID)
		return err
	})
	return updated, err
}

// DeleteLabelSchema deletes a schema of labels. One that does not exist is deleted already.
func (s Evaluations) DeleteLabelSchema(ctx context.Context, id string) error {
	return s.Update(ctx, func(t Tx) error {
		found, err := t.labelSchema(id)
		switch {
		case errors.Is(err, mlflow.ResourceDoesNotExist):
			return nil
		case err != nil:
			return err
		case found.IsDefault:
			return invalid("The experiment's default question cannot be deleted.")
		}
		_, err = t.Exec(`DELETE FROM label_schemas WHERE schema_id = ?`, id)
		return err
	})
}
