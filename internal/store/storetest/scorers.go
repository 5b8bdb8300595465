package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/millrace-ml/millrace/internal/store"
	"github.com/millrace-ml/millrace/internal/store/evaluation"
	"github.com/millrace-ml/millrace/mlflow"
	"github.com/millrace-ml/millrace/mlflow/genai"
)

// scorersAtOnce registers versions of a scorer from several clients.
func scorersAtOnce(t *testing.T, s *store.Store) {
	const clients, versions = 6, 5
	var mu sync.Mutex
	firsts := 0
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for range versions {
				_, created, err := s.RegisterScorer(t.Context(), 0, "at once", "{}")
				if err != nil {
					t.Error(err)
				}
				if created {
					mu.Lock()
					firsts++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	list := must(s.ScorerVersions(t.Context(), 0, "at once"))(t)
	if len(list) != clients*versions || list[len(list)-1].ScorerVersion != clients*versions || firsts != 1 {
		t.Errorf("%d versions, created %d times", len(list), firsts)
	}
}

// deleteScorers checks the versions of scorers and their deletion.
func deleteScorers(t *testing.T, s *store.Store) {
	ctx := t.Context()
	in := must(s.CreateExperiment(ctx, "of scorers", "", nil))(t)
	for i, name := range []string{"b", "a", "b", "b"} {
		if _, _, err := s.RegisterScorer(ctx, in, name, fmt.Sprintf(`{"n": %d}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	names := func() (names []string) {
		for _, v := range must(s.Scorers(ctx, in))(t) {
			names = append(names, fmt.Sprint(v.ScorerName, v.ScorerVersion, v.SerializedScorer))
		}
		return names
	}
	if got := names(); !reflect.DeepEqual(got, []string{`a1{"n": 1}`, `b3{"n": 3}`}) {
		t.Errorf("scorers: %v", got)
	}
	third, second := int32(3), int32(2)
	for _, version := range []*int32{&third, &third} {
		err := s.DeleteScorer(ctx, in, "b", version)
		if gone := errors.Is(err, mlflow.ResourceDoesNotExist); err != nil && !gone {
			t.Fatal(err)
		}
	}
	if got := names(); !reflect.DeepEqual(got, []string{`a1{"n": 1}`, `b2{"n": 2}`}) {
		t.Errorf("after the newest version was deleted: %v", got)
	}
	if v := must(s.Scorer(ctx, in, "b", &second))(t); v.SerializedScorer != `{"n": 2}` {
		t.Errorf("version 2: %+v", v)
	}
	if err := s.DeleteScorer(ctx, in, "b", nil); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"delete again":     s.DeleteScorer(ctx, in, "b", nil),
		"a deleted scorer": func() error { _, err := s.Scorer(ctx, in, "b", nil); return err }(),
		"another version":  func() error { _, err := s.Scorer(ctx, in, "a", &second); return err }(),
		"another case":     func() error { _, err := s.Scorer(ctx, in, "A", nil); return err }(),
		"its versions":     func() error { _, err := s.ScorerVersions(ctx, in, "b"); return err }(),
		"no experiment":    func() error { _, _, err := s.RegisterScorer(ctx, 12345, "b", "{}"); return err }(),
	} {
		if !errors.Is(err, mlflow.ResourceDoesNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.DeleteExperiment(ctx, in); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Scorers(ctx, in); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("scorers of a deleted experiment: %v", err)
	}
	if list := must(s.ScorersOf(ctx, []int64{in}))(t); len(list) != 0 {
		t.Errorf("scorers of a deleted experiment: %v", list)
	}
}

// labelSchemas checks that an experiment gets one default question, and the other schemas.
func labelSchemas(t *testing.T, s *store.Store) {
	ctx := t.Context()
	in := must(s.CreateExperiment(ctx, "of questions", "", nil))(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			list, _, err := s.LabelSchemas(ctx, in, 10, "")
			if err != nil || len(list) != 1 || list[0].Name != evaluation.DefaultQuestion || !list[0].IsDefault {
				t.Errorf("%+v, %v", list, err)
			}
		})
	}
	wg.Wait()
	low, high, length, text := 1.0, 2.5, int64(9), "ü"
	for i, input := range []*genai.LabelInput{
		{PassFail: &genai.PassFailInput{PositiveLabel: "good", NegativeLabel: "bäd"}},
		{Categorical: &genai.CategoricalInput{Options: []string{"a", "b"}, MultiSelect: true}},
		{Numeric: &genai.NumericInput{MinValue: &low, MaxValue: &high}},
		{Numeric: &genai.NumericInput{}},
		{Text: &genai.TextInput{MaxLength: &length}},
		{Text: &genai.TextInput{}},
	} {
		made := must(s.CreateLabelSchema(ctx, in, &genai.LabelSchema{
			Name: fmt.Sprint("question ", i), Type: genai.LabelExpectation, Instruction: &text, EnableComment: true,
			Input: input,
		}))(t)
		found := must(s.LabelSchemaNamed(ctx, in, made.Name))(t)
		if !reflect.DeepEqual(made, found) || !reflect.DeepEqual(found.Input, input) ||
			found.Type != genai.LabelExpectation || !found.EnableComment || found.IsDefault || *found.Instruction != text {
			t.Errorf("schema %d: %+v", i, found)
		}
	}
	first := must(s.LabelSchemaNamed(ctx, in, "question 0"))(t)
	_, err := s.CreateLabelSchema(ctx, in, first)
	if !errors.Is(err, mlflow.ResourceAlreadyExists) {
		t.Errorf("a name twice: %v", err)
	}
	allow := func(*genai.LabelSchema) error { return nil }
	taken, free := "question 1", "renamed"
	rename := genai.UpdateLabelSchemaRequest{SchemaID: first.SchemaID, Name: &taken}
	_, err = s.UpdateLabelSchema(ctx, &rename, allow)
	if !errors.Is(err, mlflow.ResourceAlreadyExists) {
		t.Errorf("a name that is taken: %v", err)
	}
	rename.Name = &free
	renamed := must(s.UpdateLabelSchema(ctx, &rename, allow))(t)
	if renamed.Name != free || !reflect.DeepEqual(renamed.Input, first.Input) {
		t.Errorf("renamed: %+v", renamed)
	}
	question := must(s.LabelSchemaNamed(ctx, in, evaluation.DefaultQuestion))(t)
	if err := s.DeleteLabelSchema(ctx, question.SchemaID); !errors.Is(err, mlflow.InvalidParameterValue) {
		t.Errorf("deleting the default question: %v", err)
	}
	for range 2 {
		if err := s.DeleteLabelSchema(ctx, first.SchemaID); err != nil {
			t.Error(err)
		}
	}
	list, next, err := s.LabelSchemas(ctx, in, 4, "")
	if err != nil || len(list) != 4 || next == "" {
		t.Errorf("a page: %d, %q, %v", len(list), next, err)
	}
	if list, next, err := s.LabelSchemas(ctx, in, 4, next); err != nil || len(list) != 2 || next != "" {
		t.Errorf("the last page: %d, %q, %v", len(list), next, err)
	}
}
